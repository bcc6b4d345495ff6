# SPDX-License-Identifier: BSD-3-Clause
"""A GDB whose commands are typed one by one, each when the one before is done."""

import contextlib
import subprocess
from pathlib import Path
from typing import Iterator

from helpers.guests import Guest
from helpers.process import SECONDS, ended, read_until, start
from helpers.tree import LOADER

MARK = "--- done ---\n"


class CommandLine:
    """GDB's console, as a user has it."""

    def __init__(self, process: subprocess.Popen) -> None:
        self._process = process
        self.said = ""

    def do(self, command: str) -> str:
        """A command to its end, be it one that makes the guest run: what GDB says."""
        self._process.stdin.write(f"{command}\necho {MARK[:-1]}\\n\n")
        self._process.stdin.flush()
        said = read_until(self._process.stdout, MARK).removesuffix(MARK)
        self.said += said
        return said

    def run_to_end(self) -> None:
        """The guest's run until QEMU hangs up."""
        self.do("continue")


@contextlib.contextmanager
def command_line(guest: Guest, image: Path) -> Iterator[CommandLine]:
    """A GDB attached to ``guest``, with the scripts; it has ended afterwards."""
    gdb = ["gdb", "-nx", "-nh", "-q", "-ex", "set style enabled off", "-x", LOADER, image]
    with ended(start(gdb, stdin=subprocess.PIPE, stderr=subprocess.STDOUT)) as process:
        line = CommandLine(process)
        line.do("set remotetimeout 60")
        line.do(f"target remote {guest.socket}")
        yield line
        process.stdin.close()
        process.wait(SECONDS)
