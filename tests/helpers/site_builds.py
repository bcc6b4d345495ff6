# SPDX-License-Identifier: BSD-3-Clause
"""The ways to build a guest that test_site_matrix.py goes through."""

import itertools
from pathlib import Path
from typing import NamedTuple

from helpers.builds import COMPILERS, LEVELS, STRICT, each, run
from helpers.covering import covering
from helpers.tree import ROOT

GUEST = ROOT / "tests/c/guest"
SOURCES = ("main.c", "other.c", "start.S")

CHOICES = {
    "compiler": COMPILERS,
    "level": (*LEVELS, "-Og"),
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


class Build(NamedTuple):
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
    return list(filter(Build.possible, map(Build._make, itertools.product(*CHOICES.values()))))


def quick() -> list[Build]:
    """A few builds in which each three choices that go together occur."""
    return covering(every(), 3)


def make(builds: list[Build], folder: Path) -> dict[Build, Path]:
    """Compile what the builds share once, then link them all."""
    units = (_unit(build, source) for build in builds for source in SOURCES)
    objects = each(lambda unit: _compile(unit, folder), units)
    return each(
        lambda build: _link(build, [objects[_unit(build, name)] for name in SOURCES], folder),
        builds,
    )


def compiler_flags(build: Build) -> tuple[str, ...]:
    return (
        build.compiler,
        build.level,
        *COMPILE[build.model],
        *([build.lto] if build.lto else []),
        *STRICT,
        "-ffreestanding",
        "-ffunction-sections",
        "-gdwarf-4",
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
    run([*command, "-c", GUEST / source, "-o", out], silent=True)
    return out


def _link(build: Build, objects: list[Path], folder: Path) -> Path:
    out = folder / (str(build).replace(" ", "_") + ".elf")
    inputs: list[object] = [*objects]
    if build.relocatable:
        # GNU ld would merge the records into one section, tied to one section of code.
        apart = ["--unique=.acrn_sites"] if build.linker == "bfd" else []
        run([f"ld.{build.linker}", "-r", *apart, *inputs, "-o", f"{out}.o"], silent=True)
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
            *["-o", out],
        ],
        silent=True,
    )
    return out
