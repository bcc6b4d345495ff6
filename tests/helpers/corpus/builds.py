# SPDX-License-Identifier: BSD-3-Clause
"""Builds the corpus: each case both ways by each compiler with each set of options, and runs it."""

import itertools
import re
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import NamedTuple

from helpers.builds import COMPILERS, LIMIT, each, run
from helpers.tree import ROOT

CORPUS = ROOT / "tests" / "corpus"
LEVELS = ("-O0", "-O2", "-Os", "-O3")
_KASAN = {
    "gcc": "--param=asan-instrumentation-with-call-threshold=0 --param=asan-stack=0 "
    "--param=asan-globals=0",
    "clang": "-mllvm -asan-instrumentation-with-call-threshold=0 -mllvm -asan-stack=0 "
    "-mllvm -asan-globals=0",
}
# Name in the matrix -> options, which may differ by compiler, for each compiler that has such
EXTRAS: dict[str, dict[str, str]] = {
    "plain": dict.fromkeys(COMPILERS, ""),
    "LTO": dict.fromkeys(COMPILERS, "-flto"),
    "KASAN": {c: f"-fsanitize=kernel-address {_KASAN[c]}" for c in COMPILERS},
    "-pg": dict.fromkeys(COMPILERS, "-pg"),
    "stack protector": dict.fromkeys(COMPILERS, "-fstack-protector-all"),
    "-finstrument-functions": dict.fromkeys(COMPILERS, "-finstrument-functions"),
    "kernel": dict.fromkeys(COMPILERS, "-mcmodel=kernel -mno-red-zone"),
    "CET": dict.fromkeys(COMPILERS, "-fcf-protection=full"),
    "retpoline": {
        "gcc": "-mindirect-branch=thunk -mfunction-return=thunk",
        "clang": "-mretpoline",
    },
    "patchable": dict.fromkeys(COMPILERS, "-fpatchable-function-entry=21,16"),
    "MS ABI": {"gcc": "-mabi=ms -DORACLE_ABI=__attribute__((sysv_abi))"},  # clang ignores it
    "outliner": {"clang": "-mllvm -enable-machine-outliner=always"},
    "zeroed registers": {"gcc": "-fzero-call-used-regs=all"},
}
QUICK = {
    *("gcc -O0 plain", "gcc -O2 plain", "clang -O0 plain", "clang -O2 plain", "gcc -O2 KASAN"),
    *("gcc -O2 retpoline", "clang -O2 outliner", "gcc -O3 MS ABI", "gcc -Os zeroed registers"),
    *("clang -Os retpoline", "gcc -O0 CET", "clang -O3 patchable", "clang -O0 kernel"),
}
_COMMON = "-std=gnu11 -w -fno-pie -fno-asynchronous-unwind-tables"
# Two cases of the same code shall not become one.
_OWN = {"gcc": "-fno-ipa-icf", "clang": ""}
_INCLUDE = [f"-I{CORPUS}", f"-I{ROOT}/cstub/include"]
_LTO_LINK = {
    "gcc": "-flto -flinker-output=nolto-rel -r -nostdlib",
    "clang": "-flto -fuse-ld=lld -r -nostdlib",
}
ASSEMBLER = "invalid|mismatch|incorrect|Error:"  # how the assemblers complain
VMCALL, UD2_NOP = b"\x0f\x01\xc1", b"\x0f\x0b\x90"


class Build(NamedTuple):
    """One column of the matrix at one level."""

    compiler: str
    extra: str
    level: str

    def __str__(self) -> str:
        return f"{self.compiler} {self.level} {self.extra}"

    @property
    def options(self) -> list[str]:
        more = [_COMMON, _OWN[self.compiler], EXTRAS[self.extra][self.compiler]]
        return [self.level, *" ".join(more).split()]


@dataclass(frozen=True)
class Twin:
    """A case of the corpus, good or bad as its source has it."""

    case: str
    bad: bool

    @property
    def name(self) -> str:
        return f"{self.case}_{'bad' if self.bad else 'good'}"

    @property
    def source(self) -> Path:
        return CORPUS / "cases" / f"{self.case}.c"


def extras_of(compiler: str) -> list[str]:
    return [extra for extra, options in EXTRAS.items() if compiler in options]


def every_build() -> list[Build]:
    builds = map(Build._make, itertools.product(COMPILERS, EXTRAS, LEVELS))
    return [build for build in builds if build.compiler in EXTRAS[build.extra]]


def quick_builds() -> list[Build]:
    """Each compiler and each set of options, at a level that it shows at."""
    return [build for build in every_build() if str(build) in QUICK]


def twins(assembly: bool) -> list[Twin]:
    """The cases that are in assembly, or those in C."""
    names = sorted(path.stem for path in (CORPUS / "cases").glob("*.c"))
    chosen = [name for name in names if name.startswith("asm_") == assembly]
    return [Twin(name, bad) for name in chosen for bad in (False, True)]


def says(case: str) -> str:
    """The sentence at the head of a case's source."""
    text = Twin(case, False).source.read_text().split("*/")[1]
    return re.sub(r"\s+\*?\s*", " ", text.split("/*")[1]).strip()


class Image:
    """The image of one build. ``lost`` are the twins that do not assemble."""

    def __init__(self, build: Build, cases: list[Twin], folder: Path) -> None:
        self._build, self._folder = build, folder
        folder.mkdir()
        self.cases = [twin for twin, good in each(self._compile, cases).items() if good]
        objects = [self._object(twin) for twin in self.cases]
        if build.extra == "LTO":
            objects = self._optimised()
        self.lost = [twin for twin in cases if twin not in self.cases]
        self.path = folder / "image"
        self._link(objects)

    def wrong(self) -> dict[str, set[str]]:
        """What is wrong with each twin when it runs, by name; those with nothing are left out."""
        data = self.path.read_bytes()
        runnable = self._folder / "runnable"
        runnable.write_bytes(data.replace(VMCALL, UD2_NOP))
        runnable.chmod(0o755)
        done = subprocess.run([runnable], capture_output=True, text=True, timeout=LIMIT, check=True)
        found: dict[str, set[str]] = {}
        for line in done.stdout.splitlines():
            name, what, *_ = line.split()
            found.setdefault(name, set()).add(what)
        return found

    def _object(self, twin: Twin) -> Path:
        return self._folder / f"{twin.name}.o"

    def _compile(self, twin: Twin) -> bool:
        defines = [f"-DCASE={twin.name}", *(["-DBAD"] if twin.bad else [])]
        line = [self._build.compiler, *self._build.options, *_INCLUDE, *defines]
        line += ["-c", twin.source, "-o", self._object(twin)]
        if self._build.extra == "LTO" and not run([*line, "-fno-lto"], ASSEMBLER):
            return False
        return run(line, ASSEMBLER)

    def _optimised(self) -> list[Path]:
        """The code of all cases, made at link time."""
        whole, build = self._folder / "whole.o", self._build
        objects = map(self._object, self.cases)
        options = [build.level, "-fno-pie", *_OWN[build.compiler].split()]
        options += _LTO_LINK[build.compiler].split()
        run([build.compiler, *options, *objects, "-o", whole])
        return [whole]

    def _link(self, objects: list[Path]) -> None:
        (self._folder / "cases.inc").write_text(
            "".join(f"CASE_({twin.name})\n" for twin in self.cases)
        )
        harness = ["-O1", "-w", f"-I{self._folder}", *_INCLUDE]
        sources = [CORPUS / "oracle.c", CORPUS / "oracle_asm.S"]
        run(["gcc", "-no-pie", *harness, *sources, *objects, "-o", self.path])


@cache
def version(compiler: str) -> str:
    done = subprocess.run([compiler, "--version"], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()[0]
