"""The ways to build a guest that test_site_matrix.py goes through."""

from __future__ import annotations

import itertools
import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import astuple, dataclass
from pathlib import Path

from helpers.process import SECONDS
from helpers.tree import ROOT

GUEST = ROOT / "tests/c/guest"
SOURCES = ("main.c", "other.c", "start.S")
LIMIT = SECONDS  # for one compiler or linker

CHOICES = {
    "compiler": ("gcc", "clang"),
    "level": ("-O0", "-O1", "-O2", "-O3", "-Os", "-Og"),
    "model": ("static", "pie", "kernel", "large", "intel"),
    "lto": ("", "-flto", "-flto=thin"),
    "linker": ("bfd", "lld"),
    "collect": (False, True),
    "script": (False, True),
    "relocatable": (False, True),
}

COMPILE = {
    "static": ["-fno-pie"],
    "pie": ["-fPIE"],
    "kernel": ["-fno-pie", "-mcmodel=kernel", "-mno-red-zone", "-mgeneral-regs-only"],
    "large": ["-fno-pie", "-mcmodel=large"],
    "intel": ["-fno-pie", "-masm=intel"],
}
LINK = {
    "static": ["-static", "-Wl,--defsym=ADDRESS=0x200000"],
    "pie": ["-static-pie", "-Wl,-z,norelro", "-Wl,--defsym=ADDRESS=0x200000"],
    "kernel": ["-static", "-Wl,--defsym=ADDRESS=0xffffffff80200000"],
    "large": ["-static", "-Wl,--defsym=ADDRESS=0x200000"],
    "intel": ["-static", "-Wl,--defsym=ADDRESS=0x200000"],
}


@dataclass(frozen=True)
class Build:
    compiler: str
    level: str
    model: str
    lto: str
    linker: str
    collect: bool  # --gc-sections
    script: bool  # the guest's own linker script
    relocatable: bool  # ld -r first

    def __str__(self) -> str:
        flags = {"gc": self.collect, "script": self.script, "r": self.relocatable}
        words = [self.compiler + self.level, self.lto[1:], self.model, self.linker]
        return " ".join(filter(None, words + [name for name, on in flags.items() if on]))

    def possible(self) -> bool:
        if self.lto and (self.relocatable or (self.compiler == "clang") != (self.linker == "lld")):
            return False  # each linker has the plugin of its own compiler only
        if self.lto == "-flto=thin" and self.compiler == "gcc":
            return False
        return self.script or self.model != "kernel"


def every() -> list[Build]:
    builds = (Build(*choice) for choice in itertools.product(*CHOICES.values()))
    return [build for build in builds if build.possible()]


def quick() -> list[Build]:
    """A few builds in which each three choices that go together occur."""
    triples = {build: _triples(build) for build in every()}
    left = set().union(*triples.values())
    chosen = []
    while left:
        chosen.append(max(triples, key=lambda build: len(triples[build] & left)))
        left -= triples[chosen[-1]]
    return chosen


def _triples(build: Build) -> set[tuple]:
    return set(itertools.combinations(enumerate(astuple(build)), 3))


def make(builds: list[Build], folder: Path) -> dict[Build, Path]:
    """Compile what the builds share once, then link them all."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        units = {_unit(build, source) for build in builds for source in SOURCES}
        objects = dict(zip(units, pool.map(lambda unit: _compile(unit, folder), units)))
        images = pool.map(
            lambda build: _link(build, [objects[_unit(build, name)] for name in SOURCES], folder),
            builds,
        )
        return dict(zip(builds, images))


def compiler_flags(build: Build) -> tuple[str, ...]:
    return (
        build.compiler,
        build.level,
        *COMPILE[build.model],
        *([build.lto] if build.lto else []),
        "-std=gnu11",
        "-ffreestanding",
        "-ffunction-sections",
        "-gdwarf-4",
        "-Wall",
        "-Wextra",
        "-Werror",
        f"-I{ROOT}/cstub/include",
    )


def _unit(build: Build, source: str) -> tuple[str, ...]:
    flags = compiler_flags(build)
    if source.endswith(".S"):
        flags = tuple(flag for flag in flags if flag not in ("-masm=intel", build.lto))
    return (*flags, source)


def _compile(unit: tuple[str, ...], folder: Path) -> Path:
    *command, source = unit
    out = folder / ("".join(flag for flag in command if "/" not in flag) + source + ".o")
    run([*command, "-c", str(GUEST / source), "-o", str(out)])
    return out


def _link(build: Build, objects: list[Path], folder: Path) -> Path:
    out = folder / (str(build).replace(" ", "_") + ".elf")
    inputs = [str(path) for path in objects]
    if build.relocatable:
        # GNU ld would merge the records into one section, tied to one section of code.
        apart = ["--unique=.acrn_sites"] if build.linker == "bfd" else []
        run([f"ld.{build.linker}", "-r", *apart, *inputs, "-o", f"{out}.o"])
        inputs = [f"{out}.o"]
    own = ["-Wl,-L" + str(ROOT / "cstub"), f"-Wl,-T,{GUEST}/guest.ld"] if build.script else []
    run(
        [
            *compiler_flags(build),
            *LINK[build.model],
            *["-nostdlib", f"-fuse-ld={build.linker}", "-Wl,--build-id=none"],
            *(["-Wl,--gc-sections"] if build.collect else []),
            *own,
            *inputs,
            *["-o", str(out)],
        ]
    )
    return out


def run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT)
    said = done.stdout + done.stderr
    assert done.returncode == 0 and not said, f"{' '.join(command)}\n{said}"
