# SPDX-License-Identifier: BSD-3-Clause
"""Tells what the rings of a guest that stands still have: calls, and what is wrong with the rest.

Read in parts of a bounded size: a header may announce more than there is, and more than fits here.
"""

import heapq
import struct
from dataclasses import dataclass, field
from typing import Iterator, NamedTuple

from acrn_trace.guest.abi import MASK64
from acrn_trace.guest.memory import Unreadable
from acrn_trace.rings.format import SEQUENCE_SHIFT, STATE, WRITING
from acrn_trace.rings.reader import Rings, believable

READ_AT_ONCE = 1 << 16  # bytes of records
MAX_TORN = 64  # sequence numbers that are remembered
MAX_RECORDS = 1 << 20  # that are read of one header's rings: the newest

_WORD = struct.Struct("<Q")


class Kept(NamedTuple):
    """A record in a ring, as it was read."""

    ring: int
    sequence: int
    raw: bytes

    @property
    def entry(self) -> int:
        return int.from_bytes(self.raw[8:16], "little")


@dataclass
class Tally:
    """How many of one ring's slots were what."""

    kept: int = 0  # a call, returned or under way
    torn: int = 0  # half written
    unwritten: int = 0  # claimed, and the slot still has what was there before
    foreign: int = 0  # nothing that the recorder writes
    unreadable: int = 0
    left_out: int = 0  # too many to read
    torn_sequences: list[int] = field(default_factory=list)  # the first of them

    def note(self, raw: bytes, sequence: int, count: int) -> bool:
        """Count the slot of the call ``sequence``; whether it has this call."""
        if believable(raw, sequence):
            self.kept += 1
            return True
        (word,) = _WORD.unpack_from(raw)
        before, state = word >> SEQUENCE_SHIFT, word & STATE
        if before == sequence and state == WRITING:
            self.torn += 1
            if len(self.torn_sequences) < MAX_TORN:
                self.torn_sequences.append(sequence)
        elif word == 0 or (before < sequence and (sequence - before) % count == 0 and state < 5):
            self.unwritten += 1
        else:
            self.foreign += 1
        return False


def kept_calls(rings: Rings, tallies: dict[int, Tally] | None = None) -> Iterator[Kept]:
    """Every call that is whole in a ring, or under way; each ring's in its order."""
    for calls in _calls_by_ring(rings, tallies):
        yield from calls


def _calls_by_ring(rings: Rings, tallies: dict[int, Tally] | None) -> list[Iterator[Kept]]:
    """The calls of each ring, in its order; the slots are counted into ``tallies`` meanwhile."""
    parts = []
    for ring, counters in enumerate(rings.counters()):
        tally = Tally()
        if tallies is not None:
            tallies[ring] = tally
        parts.append(_calls_of(rings, ring, counters.claimed, tally))
    return parts


def _calls_of(rings: Rings, ring: int, claimed: int, tally: Tally) -> Iterator[Kept]:
    header = rings.header
    last = min(claimed, MASK64 >> SEQUENCE_SHIFT)
    if not header.records_virtual:
        return
    step = max(1, READ_AT_ONCE // header.record_size)
    count = min(header.record_count, MAX_RECORDS // header.ring_count)
    tally.left_out = min(last, header.record_count) - min(last, count)
    for first in range(max(0, last - count), last, step):
        yield from _part(rings, ring, first, min(first + step, last), tally)


def _part(rings: Rings, ring: int, first: int, last: int, tally: Tally) -> Iterator[Kept]:
    size, count = rings.header.record_size, rings.header.record_count
    data = _records(rings, ring, first, last)
    if isinstance(data, bytes) and data.count(0) == len(data):
        tally.unwritten += last - first
        return
    for index, sequence in enumerate(range(first, last)):
        raw = data[index] if isinstance(data, list) else data[index * size : (index + 1) * size]
        if raw is None:
            tally.unreadable += 1
        elif tally.note(raw, sequence, count):
            yield Kept(ring, sequence, raw)


def _records(rings: Rings, ring: int, first: int, last: int) -> bytes | list[bytes | None]:
    """The records as one, or one by one with None for those that cannot be read."""
    try:
        return rings.records(ring, first, last)
    except Unreadable:
        ends = _record(rings, ring, first), _record(rings, ring, last - 1)
        if ends == (None, None):
            return [None] * (last - first)
        return [_record(rings, ring, sequence) for sequence in range(first, last)]


def _record(rings: Rings, ring: int, sequence: int) -> bytes | None:
    try:
        return rings.records(ring, sequence, sequence + 1)
    except Unreadable:
        return None


def last_calls(rings: Rings, count: int, tallies: dict[int, Tally] | None = None) -> list[Kept]:
    """The last ``count`` calls of all rings, in order of time."""
    return sorted(heapq.nlargest(count, kept_calls(rings, tallies), key=_order), key=_order)


def newest_entry(rings: Rings) -> int:
    """The TSC at the entry of the newest call, by a look at the last of each ring; 0 for none."""
    newest = 0
    for ring, counters in enumerate(rings.counters()):
        last = min(counters.claimed, MASK64 >> SEQUENCE_SHIFT)
        if last and rings.header.records_virtual:
            kept = _part(rings, ring, last - 1, last, Tally())
            newest = max([newest, *(call.entry for call in kept)])
    return newest


def all_calls(rings: Rings, tallies: dict[int, Tally] | None = None) -> Iterator[Kept]:
    """All calls, in order of time as far as each ring's order is; none is held for long."""
    return heapq.merge(*_calls_by_ring(rings, tallies), key=_order)


def _order(kept: Kept) -> tuple[int, int, int]:
    return kept.entry, kept.ring, kept.sequence


def summary_lines(rings: Rings) -> Iterator[str]:
    """What each ring says of itself."""
    state = "on" if rings.header.enabled else "off"
    for ring, counters in enumerate(rings.counters()):
        line = f"ring {ring}: {counters.claimed} calls, room for {rings.header.record_count}"
        if counters.lost or counters.lapped:
            line += f"; {counters.lost} not written, {counters.lapped} overwritten in flight"
        yield f"{line}; recording is {state}"


def tally_lines(tallies: dict[int, Tally]) -> Iterator[str]:
    """What is wrong with the slots of each ring, if anything."""
    for ring, tally in sorted(tallies.items()):
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
