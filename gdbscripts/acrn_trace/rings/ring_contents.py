# SPDX-License-Identifier: BSD-3-Clause
"""Tells what the rings of a guest that stands still have: calls, and what is wrong with the rest.

C reads them, and no more than there is room for here (cstub/reader/ring_contents.c).
"""

import ctypes
import weakref
from typing import Iterable, Iterator, NamedTuple

from acrn_trace.base.errors import TraceError
from acrn_trace.bindings.library import Tally, library
from acrn_trace.rings.format import SEQUENCE_SHIFT
from acrn_trace.rings.reader import Rings

AT_ONCE = 1 << 16  # bytes of records that are taken from C


class Kept(NamedTuple):
    """A record in a ring, as it was read."""

    ring: int
    sequence: int
    raw: bytes

    @property
    def entry(self) -> int:
        return int.from_bytes(self.raw[8:16], "little")


class RingContents:
    """Every call that is whole in a ring, or under way; to be gone through once.

    Each ring's are in its order: ring after ring or, ``by_time``, mingled in order of time as far
    as each ring's order is. Unreadable if the counters cannot be read.
    """

    def __init__(self, rings: Rings, by_time: bool = False) -> None:
        self._rings = rings
        unreadable, new = ctypes.c_int(), library().contents_new
        self._handle = rings.call(new, rings.in_c, by_time, unreadable)
        if not self._handle:
            if unreadable:
                raise rings.unreadable
            raise TraceError("there is not enough memory for the calls in the ring")
        weakref.finalize(self, library().contents_free, self._handle)

    def __iter__(self) -> Iterator[Kept]:
        size = self._rings.header.record_size
        room = max(1, AT_ONCE // size)
        numbers, records = (ctypes.c_uint32 * room)(), ctypes.create_string_buffer(room * size)
        given = self._handle, room, numbers, records
        while count := self._rings.call(library().contents_next, *given):
            data = ctypes.string_at(records, count * size)
            for ring, at in zip(numbers, range(0, count * size, size)):
                word = int.from_bytes(data[at : at + 8], "little")
                yield Kept(ring, word >> SEQUENCE_SHIFT, data[at : at + size])

    def tallies(self) -> list[Tally]:
        """What each ring's slots were; complete once all calls were given."""
        tally, rings = library().contents_tally, range(self._rings.header.ring_count)
        return [Tally.from_buffer_copy(tally(self._handle, ring).contents) for ring in rings]


def summary_lines(rings: Rings) -> Iterator[str]:
    """What each ring says of itself."""
    state = "on" if rings.header.enabled else "off"
    for ring, counters in enumerate(rings.counters()):
        line = f"ring {ring}: {counters.claimed} calls, room for {rings.header.record_count}"
        if counters.lost or counters.lapped:
            line += f"; {counters.lost} not written, {counters.lapped} overwritten in flight"
        yield f"{line}; recording is {state}"


def tally_lines(tallies: Iterable[Tally]) -> Iterator[str]:
    """What is wrong with the slots of each ring, if anything."""
    for ring, tally in enumerate(tallies):
        wrong = (
            (tally.torn, "half written"),
            (tally.unwritten, "claimed and not written"),
            (tally.foreign, "overwritten by something else"),
            (tally.unreadable, "not readable"),
            (tally.left_out, "too many to read"),
        )
        words = [f"{count} {what}" for count, what in wrong if count]
        if words:
            yield f"ring {ring}: of its records, {', '.join(words)}"
