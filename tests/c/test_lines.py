# SPDX-License-Identifier: BSD-3-Clause
"""Debuggers say of a call, and of a function that makes one, the user's line, not the table's."""

import re
import subprocess
from itertools import product
from pathlib import Path

import pytest

from helpers.builds import COMPILERS, LIMIT, each, run
from helpers.tree import ROOT

SOURCE = ROOT / "tests/c/lines.c"
TEXT = SOURCE.read_text().splitlines()
FUNCTIONS = re.findall(r"^(?:__.* long|void) (\w+)\(.*\)$", SOURCE.read_text(), re.MULTILINE)
CALLS = {number for number, line in enumerate(TEXT, 1) if "acrn_call(" in line}
FORMS = ("", "-DACRN_RING", "-DACRN_RING -DACRN_RING_CAPTURE=24", "-DACRN_TRAMPOLINE")
BUILDS = [
    *product(COMPILERS, ("-O0", "-Og", "-O1", "-O2", "-Os"), FORMS[:1]),
    *product(COMPILERS, ("-Og", "-O2"), FORMS[1:]),
]


@pytest.fixture(scope="module")
def images(tmp_path_factory) -> dict[tuple[str, str, str], Path]:
    folder = tmp_path_factory.mktemp("lines")
    script = folder / "one_section.ld"  # so that objdump's addresses are GDB's
    script.write_text("SECTIONS { .text : { *(.text .text.*) } }")

    def build(way: tuple[str, str, str]) -> Path:
        compiler, level, form = way
        made = folder / f"{BUILDS.index(way)}.o"
        image = made.with_suffix(".all.o")
        flags = ("-g", level, "-ffreestanding", "-fno-pic", "-Icstub/include", *form.split())
        run([compiler, *flags, "-c", SOURCE, "-o", made], silent=True)
        run(["ld", "-r", "-T", script, made, "-o", image])
        return image

    return each(build, BUILDS)


def told_by_gdb(image: Path) -> tuple[list[tuple[str, int]], list[tuple[str, int]]]:
    """Where GDB says that the functions begin, and that each VMCALL is: file and line."""
    code = ["objdump", "-d", "--no-show-raw-insn", image]
    listing = subprocess.run(code, capture_output=True, text=True, check=True, timeout=LIMIT)
    sites = re.findall(r"^ *([0-9a-f]+):\tvmcall", listing.stdout, re.MULTILINE)
    commands = [f"break {name}" for name in FUNCTIONS] + [f"info line *0x{at}" for at in sites]
    words = [word for command in commands for word in ("-ex", command)]
    done = subprocess.run(
        ["gdb", "-nx", "-batch", *words, image],
        capture_output=True,
        text=True,
        check=True,
        timeout=LIMIT,
    )
    begins = re.findall(r"^Breakpoint .* file (.*), line (\d+)\.", done.stdout, re.MULTILINE)
    calls = re.findall(r'^Line (\d+) of "(.*)" starts', done.stdout, re.MULTILINE)
    assert len(begins) == len(FUNCTIONS) and len(calls) == len(sites) >= len(CALLS), done
    return [(file, int(line)) for file, line in begins], [(file, int(line)) for line, file in calls]


@pytest.mark.parametrize("way", BUILDS, ids=" ".join)
def test_a_line_is_the_users(way, images):
    begins, calls = told_by_gdb(images[way])
    assert {Path(file).name for file, _ in begins + calls} == {SOURCE.name}
    assert {line for _, line in calls} == CALLS
