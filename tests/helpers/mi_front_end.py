# SPDX-License-Identifier: BSD-3-Clause
"""Drives GDB by GDB/MI, as a front end does, and holds that each line it gets is a record."""

import ast
import contextlib
import os
import re
import select
import subprocess
import time
from typing import Iterator

from helpers.guests import Guest
from helpers.process import SECONDS, ended
from helpers.tree import LOADER, ROOT

# GDB's manual, "GDB/MI Output Syntax": a result, an asynchronous record, a stream's text, a prompt
_RECORD = re.compile(r'(\d*)(\^\w+|[*+=][\w-]+)(,.*)?$|[~@&]"(?:[^"\\]|\\.)*"$|\(gdb\) $')
_RUNNING = r"[Ss]elected thread is running|while (the )?target is running"
_TOLD = re.compile(r"\*stopped,|=thread-group-exited")
_STREAM = re.compile(r'~("(?:[^"\\]|\\.)*")$')


# What GDB/MI has a command of its own for
_OWN = {
    "continue": "-exec-continue",
    "step": "-exec-step",
    "stepi": "-exec-step-instruction",
    "next": "-exec-next",
    "nexti": "-exec-next-instruction",
    "finish": "-exec-finish",
    "until": "-exec-until",
    "tbreak": "-break-insert -t",
    "thbreak": "-break-insert -t -h",
}


class FrontEnd:
    """One GDB. ``lines`` has all that it printed; ``wait`` and ``command`` read on."""

    def __init__(self, image: object) -> None:
        command = ["gdb", "-nx", "-nh", "-q", "--interpreter=mi3", "-iex", "set remotetimeout 60"]
        self.process = subprocess.Popen(
            [*command, "-x", str(LOADER), str(image)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self.lines: list[str] = []
        self._token = 100
        self._partial = b""
        self._waited = 0  # lines that were waited for

    def command(self, text: str) -> str:
        """The result record of a command, ``^done,…``: the only one, but for those that GDB prints
        where a breakpoint's own commands go on.
        """
        self._token += 1
        token, before = str(self._token), len(self.lines)
        self.process.stdin.write(f"{token}{text}\n".encode())
        self.process.stdin.flush()
        self._read_until(lambda: any(one.startswith(f"{token}^") for one in self.lines[before:]))
        results = [one for one in self.lines[before:] if re.match(r"\d+\^|\^(?!running)", one)]
        assert len(results) == 1, self.lines[before:]
        return results[0].removeprefix(token)

    def console(self, text: str) -> str:
        """The same of one that a user types at the front end's console."""
        escaped = text.replace("\\", "\\\\").replace('"', '\\"')
        return self.command(f'-interpreter-exec console "{escaped}"')

    def do(self, command: str) -> str:
        """What GDB says to a command of its console's, given as a front end gives it.

        Where the guest runs, that is once it has stopped. Nothing is asked until a stop is told of:
        GDB 16 may crash where it is asked meanwhile (docs/catch.md).
        """
        word, _, rest = command.partition(" ")
        before = len(self.lines)
        while True:
            own, begun = _OWN.get(word), len(self.lines)
            result = self.command(f"{own} {rest}") if own else self.console(command)
            if own and result == "^running":
                self._read_until(lambda: any(map(_TOLD.match, self.lines[begun:])))
            if not re.search(_RUNNING, result):
                return self._text(before) + result
            assert "=thread-group-exited" not in self.said, self.lines
            self.wait("*stopped")

    def run_to_end(self) -> None:
        """The guest's run until QEMU hangs up."""
        self.do("continue")
        self.wait("=thread-group-exited")

    @property
    def said(self) -> str:
        return "\n".join(self.lines)

    def wait(self, start: str) -> str:
        """The next record that begins with ``start``, as ``*stopped``."""

        def found() -> list[int]:
            numbers = range(self._waited, len(self.lines))
            return [number for number in numbers if self.lines[number].startswith(start)]

        self._read_until(found)
        self._waited = found()[0] + 1
        return self.lines[self._waited - 1]

    def go_on(self) -> str:
        """Continue, and the record of the next stop that is not silent."""
        self._waited = len(self.lines)
        assert self.command("-exec-continue") == "^running"
        return self.wait("*stopped,")

    def text(self) -> str:
        """What a user reads at the front end's console."""
        return self._text(0)

    def _text(self, first: int) -> str:
        streams = filter(None, map(_STREAM.match, self.lines[first:]))
        return "".join(ast.literal_eval(one[1]) for one in streams)

    def no_records(self) -> list[str]:
        return [line for line in self.lines if not _RECORD.match(line)]

    def _read_until(self, condition) -> None:
        deadline = time.monotonic() + SECONDS
        while not condition():
            assert time.monotonic() < deadline, self.lines
            if select.select([self.process.stdout], [], [], 1)[0]:
                data = os.read(self.process.stdout.fileno(), 1 << 16)
                assert data, ("GDB has ended", self.lines)
                *whole, self._partial = (self._partial + data).split(b"\n")
                self.lines += [line.decode("utf-8", "backslashreplace") for line in whole]


@contextlib.contextmanager
def front_end(guest: Guest, image: object, mi_async: str = "on") -> Iterator[FrontEnd]:
    """A front end connected with ``guest``; each of GDB's lines was a record."""
    driver = FrontEnd(image)
    with ended(driver.process), driver.process.stdin:
        assert driver.command(f"-gdb-set mi-async {mi_async}") == "^done"
        assert driver.command(f"-target-select remote {guest.socket}") == "^connected"
        yield driver
        assert driver.no_records() == []
