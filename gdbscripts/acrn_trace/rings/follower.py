# SPDX-License-Identifier: BSD-3-Clause
"""Follows a guest's rings from stop to stop into a trace file (cstub/reader/follower.c)."""

import os
import weakref

from acrn_trace.base.errors import TraceError
from acrn_trace.bindings.library import UNREADABLE, End, library
from acrn_trace.rings import blocks
from acrn_trace.rings.reader import Rings

NOTHING = blocks.block(blocks.END, blocks.END_FORM.pack(0, 0))  # how a file ends that has no rings


class RingFollower:
    """Appends what is new in the rings of a stopped guest to an open file, of which it is given
    the descriptor. OSError where that cannot be written."""

    def __init__(self, rings: Rings, file: int, tsc_hz: int, clock: int) -> None:
        self._rings = rings
        self._handle = library().following_new(rings.in_c, file, tsc_hz, clock)
        if not self._handle:
            raise TraceError("there is not enough memory to follow the ring")
        weakref.finalize(self, library().following_free, self._handle)

    def read(self) -> None:
        """All that is new; Unreadable, and the next time goes on from there."""
        result = self._rings.call(library().following_pass, self._handle)
        if result == UNREADABLE:
            raise self._rings.unreadable
        _check(result)

    def lose_unread(self) -> int:
        """The guest is gone: say in the file how many calls it can have made since; how many."""
        return library().following_lose_unread(self._handle)

    def end(self) -> tuple[int, int]:
        """End the file; how many calls are in it, and how many were lost."""
        end = End()
        _check(library().following_end(self._handle, end))
        return end.records, end.lost


def _check(error: int) -> None:
    if error:
        raise OSError(error, os.strerror(error))
