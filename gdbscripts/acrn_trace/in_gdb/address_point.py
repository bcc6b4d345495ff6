# SPDX-License-Identifier: BSD-3-Clause
"""Changes the guest at an instruction that is no call site."""

from typing import Callable

import gdb

from acrn_trace.base.errors import TraceError
from acrn_trace.guest.stop import Stop
from acrn_trace.in_gdb.drive import DRIVE, GuestHands, HypercallPoint
from acrn_trace.in_gdb.target import read_stop, uninterrupted
from acrn_trace.trace.change import Change, make_change


class AddressPoint(HypercallPoint):
    """A point whose changes are decided by the stop alone: ``decide`` is called at each hit."""

    def __init__(self, address: int, decide: Callable[[Stop], Change | None]) -> None:
        self._decide = decide
        self._hands = GuestHands()
        super().__init__(address, self._hit)

    def _hit(self) -> bool:
        stop_guest, interrupted = uninterrupted(self._guarded)
        return stop_guest or interrupted

    def _guarded(self) -> bool:
        """Whether to stop the guest: for the user, or since the change cannot be made."""
        try:
            return self._change()
        except (TraceError, gdb.error) as error:
            sentence = str(error).rstrip(".")
            gdb.write(f"acrn-trace: at {self.address:#x}: {sentence}.\n", gdb.STDERR)
            return True

    def _change(self) -> bool:
        stop = read_stop()
        if stop.registers["rip"] != self.address:
            return False
        change = self._decide(stop)
        if change is None:
            return False
        make_change(change, self._hands)
        self._hands.hold(change.delay)
        if change.after:
            change.after()
        if change.stop:
            DRIVE.reasons.append(change.stop)
        return change.stop is not None
