# SPDX-License-Identifier: BSD-3-Clause
"""What the commands in GDB have in common."""

from typing import Callable, Iterable

import gdb

from acrn_trace.errors import TraceError
from acrn_trace.printable import printable


def say(lines: Iterable[str]) -> None:
    for line in lines:
        gdb.write(printable(line) + "\n")


class Command(gdb.Command):
    """A command whose failures are GDB errors of one sentence."""

    def __init__(self, name: str, kind: int, run: Callable[[list[str]], None], **more) -> None:
        super().__init__(name, kind, **more)
        self._run = run

    def invoke(self, argument: str, from_tty: bool) -> None:
        try:
            self._run(gdb.string_to_argv(argument))
        except TraceError as error:
            raise gdb.GdbError(f"{error}.") from None
