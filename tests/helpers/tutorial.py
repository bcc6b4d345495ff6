# SPDX-License-Identifier: BSD-3-Clause
"""Runs the tutorial's commands as they stand, and compares what they print with what it says.

``PYTHONPATH=gdbscripts:tests python3 -m helpers.tutorial`` prints it with all that they print now.
"""

import re
import subprocess
import time
from pathlib import Path

from helpers.process import SECONDS, ended
from helpers.transcript import said_by_each
from helpers.tree import ROOT

TUTORIAL = ROOT / "docs" / "tutorial.md"
_BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
STUB = ROOT / "build" / "stub"


def commands(text: str) -> list[tuple[str, list[str]]]:
    """Each command, ``$ …`` or ``(gdb) …``, and the lines that it prints."""
    found: list[tuple[str, list[str]]] = []
    for block in _BLOCK.findall(text):
        for line in block.splitlines():
            if line.startswith(("$ ", "(gdb) ")):
                found.append((line, []))
            else:
                found[-1][1].append(line)
    return found


def run_all(every: list[str]) -> dict[int, list[str]]:
    """By its place, what each command prints."""
    printed: dict[int, list[str]] = {}
    at = 0
    while at < len(every):
        line = every[at].removeprefix("$ ")
        if line.endswith(" &"):
            session = [n for n in range(at + 2, _end_of_session(every, at + 2))]
            texts = _session(line.removesuffix(" &"), every[at + 1], [every[n] for n in session])
            printed |= {at: [], at + 1: texts[0]} | dict(zip(session, texts[1:]))
            at = session[-1] + 1
        else:
            printed[at] = _shell(line)
            at += 1
    return printed


def _end_of_session(every: list[str], at: int) -> int:
    while at < len(every) and every[at].startswith("(gdb) "):
        at += 1
    return at


def _shell(line: str) -> list[str]:
    done = subprocess.run(
        *(["bash", "-c", line],),
        **dict(cwd=ROOT, stdin=subprocess.DEVNULL, timeout=SECONDS, text=True),
        **dict(stdout=subprocess.PIPE, stderr=subprocess.STDOUT),
        check=False,
    )
    return done.stdout.splitlines()


def _session(qemu: str, gdb: str, typed: list[str]) -> list[list[str]]:
    """What GDB prints at its start and for each command typed, with the guest in the background."""
    STUB.unlink(missing_ok=True)
    guest = subprocess.Popen(["bash", "-c", f"exec {qemu}"], cwd=ROOT, start_new_session=True)
    with ended(guest):
        deadline = time.monotonic() + SECONDS
        while not STUB.exists() and guest.poll() is None:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        line = gdb.removeprefix("$ gdb ").split()
        words = ["gdb", "-nx", "-nh", "-batch", "-ex", "set style enabled off", *line]
        said = said_by_each(words, [command.removeprefix("(gdb) ") for command in typed])
        guest.wait(timeout=SECONDS)
    return said


def filled(path: Path) -> str:
    """The tutorial with all that its commands print now; for whoever changes it to choose from."""
    text = path.read_text()
    every = [command for command, _ in commands(text)]
    printed = run_all(every)
    place = iter(range(len(every)))

    def block(match: re.Match[str]) -> str:
        lines = []
        for line in match[1].splitlines():
            if line.startswith(("$ ", "(gdb) ")):
                lines += [line, *printed[next(place)]]
        return "```console\n" + "\n".join(lines) + "\n```"

    return _BLOCK.sub(block, text)


if __name__ == "__main__":
    print(filled(TUTORIAL), end="")
