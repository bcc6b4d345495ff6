# SPDX-License-Identifier: BSD-3-Clause
"""Assembles a few lines to an image and lints it, as a user would."""

import re
import subprocess
from pathlib import Path

from acrn_trace.guest.abi import hypercalls
from acrn_trace.guest.site import Site
from acrn_trace.image.image import open_image
from acrn_trace.lint.linter import Linter, Verdict
from acrn_trace.tables.knowledge import acrn
from helpers.process import SECONDS

# Functions outside of what is under test: they keep to the calling convention, which lets them
# change R8, and do.
OTHERS = """
    .irp name, printk, __asan_load8_noabort
    .globl \\name
    .type \\name, @function
\\name:
    mov $-1, %r8
    mov $-1, %rdi
    xor %eax, %eax
    ret
    .size \\name, . - \\name
    .endr
"""


def assemble(code: str, folder: Path) -> Path:
    """An image whose functions are the labels of ``code``."""
    text = ["\t.text"]
    for part in re.split(r"^(?=[A-Za-z_][\w.]*:)", code, flags=re.MULTILINE)[1:]:
        label = part[: part.index(":")]
        text += [f"\t.globl {label}", f"\t.type {label}, @function", part]
        text += [f"\t.size {label}, . - {label}"]
    (folder / "f.s").write_text("\n".join(text) + "\n" + OTHERS)
    for line in (f"as -o {folder}/f.o {folder}/f.s", f"ld -e f -o {folder}/f {folder}/f.o"):
        subprocess.run(line.split(), check=True, timeout=SECONDS)
    return folder / "f"


def byte_search(path: Path) -> list[Site]:
    image = open_image(str(path))
    return [
        Site(part.address + match.start(), function=image.function_at(part.address + match.start()))
        for part in image.code()
        for match in re.finditer(b"|".join(map(re.escape, hypercalls())), part.data)
    ]


def verdicts_of(code: str, folder: Path, table: str = "") -> list[Verdict]:
    path = assemble(code, folder)
    knowledge = acrn()
    if table:
        (folder / "own.def").write_text(table)
        knowledge.load(folder / "own.def")
    return list(Linter(open_image(str(path)), knowledge).verdicts(byte_search(path)))


def lint_assembly(code: str, folder: Path, table: str = "") -> list[str]:
    """The identifiers of the findings in ``code``."""
    return [found.id for verdict in verdicts_of(code, folder, table) for found in verdict.findings]


def link(text: str, folder: Path, entry: str = "0", strip: bool = False) -> Path:
    """An image of the assembly ``text`` as it stands, entered at ``entry``."""
    (folder / "g.s").write_text(text)
    lines = [f"as -o {folder}/g.o {folder}/g.s"]
    lines.append(f"ld -z noexecstack -e {entry} -o {folder}/g {folder}/g.o")
    for line in (*lines, *([f"strip {folder}/g"] if strip else [])):
        subprocess.run(line.split(), check=True, timeout=SECONDS)
    return folder / "g"
