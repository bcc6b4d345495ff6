# SPDX-License-Identifier: BSD-3-Clause
"""Work that GDB forbids while it handles a stop, as on breakpoints and symbols.

It is done once GDB has stopped, and the guest then goes on as if it had not. Whoever runs the guest
in a loop of his own asks for that with ``run``; otherwise the breakpoint's commands do it.
"""

from typing import Callable

import gdb

from acrn_trace.base.errors import TraceError
from acrn_trace.in_gdb.target import breakpoint_kind, uninterrupted

_pending: list[Callable[[], None]] = []
looping = False  # somebody calls run()

COMMANDS = "silent\npython import acrn_trace.in_gdb.chores; acrn_trace.in_gdb.chores.stopped()"


class ChorePoint(gdb.Breakpoint):
    """An invisible breakpoint. ``look`` may read; what it returns is done when GDB has stopped."""

    def __init__(self, address: int, look: Callable[[], Callable[[], None] | None]) -> None:
        super().__init__(f"*{address:#x}", breakpoint_kind(), internal=True)
        self.silent = True
        self.commands = COMMANDS
        self._look = look

    def stop(self) -> bool:
        return any(uninterrupted(self._decide))

    def _decide(self) -> bool:
        try:
            chore = self._look()
        except (TraceError, gdb.error) as error:
            gdb.write(f"acrn-trace: {str(error).rstrip('.')}.\n", gdb.STDERR)
            return False
        if chore:
            _pending.append(chore)
        return chore is not None


def run() -> bool:
    """Do what is pending: whether there was any, so that the guest is to go on."""
    chores = _pending[:]
    _pending.clear()
    for chore in chores:
        try:
            chore()
        except (TraceError, gdb.error) as error:
            gdb.write(f"acrn-trace: {str(error).rstrip('.')}.\n", gdb.STDERR)
    return bool(chores)


def stopped() -> None:
    """GDB has stopped at a point of ours, and runs its commands."""
    if not looping and run():
        gdb.execute("continue")
