# SPDX-License-Identifier: BSD-3-Clause
"""What GDB prints for each of some commands, and whether that is what a text says it prints."""

import re
import subprocess
from typing import Sequence

from helpers.canonical import REPEATED
from helpers.process import run
from helpers.tree import ROOT

END = "END"  # how GDB tells that the guest has ended, which it does in one of several ways
MARK = "=== next command ==="
_VARIES = (
    (re.compile(r"\b\d+\.\d{6}\b"), "TIME"),
    (re.compile(r"0x(?!80000[0-9a-f]{3}\b)[0-9a-f]{5,}"), "ADDRESS"),  # and no call's number
    (re.compile(r"\b[0-9a-f]{16}\b"), "ADDRESS"),
    (re.compile(r"\+0x[0-9a-f]+"), "+OFFSET"),
    (re.compile(r"^Remote (connection closed|communication error.*)$"), END),
    (re.compile(r"^\[Inferior 1 \(process 1\) exited .*\]$"), END),
    # In a function that begins with an inlined one, GDB 18 stops a line before GDB 13 does.
    (
        re.compile(r"^((?:Thread \d+ hit )?(?:Temporary b|B)reakpoint .*) at \S+:\d+$"),
        r"\1 at PLACE",
    ),
    # Of the instruction behind an inlined call gcc 14 names another line than gcc 12.
    (re.compile(r"^#0  (?:\w+ in )?(.*) at \S+:\d+$"), r"#0  \1 at PLACE"),
    (re.compile(r"(reakpoint \d+ at ADDRESS): file \S+, line \d+\.$"), r"\1 at PLACE"),
    (re.compile(r"\b(\w+)=\1@entry="), r"\1="),
    (re.compile(r"^\d+\t.*$"), "LINE"),
    # Python 3.12 and later quote no choices.
    (re.compile(r"(?<=\(choose from )[^)]+"), "CHOICES"),
    (re.compile(re.escape(f"{ROOT}/")), ""),
    (re.compile(re.escape(REPEATED)), ""),
)


def said_by_each(gdb: Sequence[object], commands: Sequence[str]) -> list[list[str]]:
    """The lines at GDB's start, then those of each command, errors among them."""
    words = [*gdb]
    for command in commands:
        words += ["-ex", f"echo {MARK}\\n", "-ex", command]
    done = run(words, stderr=subprocess.STDOUT)
    return [part.splitlines() for part in done.out.split(MARK + "\n")]


def normalised(line: str) -> str:
    for varies, word in _VARIES:
        line = varies.sub(word, line)
    return line.rstrip()


def is_as_printed(expected: list[str], printed: list[str]) -> bool:
    """Whether lines are the same but for what varies; ``...`` alone stands for any lines."""
    pattern = "".join(
        r"(?:.*\n)*?" if line.strip() == "..." else re.escape(normalised(line)) + r"\n"
        for line in expected
    )
    return re.fullmatch(pattern, "".join(normalised(line) + "\n" for line in printed)) is not None
