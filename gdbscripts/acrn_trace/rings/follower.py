# SPDX-License-Identifier: BSD-3-Clause
"""Follows a guest's rings from stop to stop, and writes what is new as blocks of a trace file.

The reading position is here, never in the guest.
"""

import struct
from dataclasses import dataclass, field
from typing import Iterator

from acrn_trace.guest.abi import MASK64
from acrn_trace.rings import blocks
from acrn_trace.rings.format import RETURNED, SEQUENCE_SHIFT, STATE, STOPS, Counters
from acrn_trace.rings.reader import Rings, believable

MAX_WAITING = 1024  # calls of one ring that have not returned

_WORD = struct.Struct("<Q")


@dataclass
class Position:
    """Where in one ring the reading is; ``waiting`` has what was seen of each call in flight."""

    next: int = 0
    waiting: dict[int, bytes | None] = field(default_factory=dict)


class RingFollower:
    """Reads what is new in the rings of a stopped guest, as blocks of a trace file.

    Each sequence number is in one record or counted in one loss, as with cstub/reader/follower.c.
    """

    def __init__(self, rings: Rings) -> None:
        self._rings = rings
        self._positions = [Position() for _ in range(rings.header.ring_count)]
        self._pass = 0
        self._more = True  # calls may follow
        self.records = self.lost = 0

    def begin(self, tsc_hz: int, clock: int) -> bytes:
        """The block that describes the rings."""
        self._description = blocks.RINGS_START.pack(tsc_hz, clock, 0) + self._rings.header.pack()
        return blocks.block(blocks.RINGS, self._description)

    def read(self) -> Iterator[bytes]:
        """Blocks of all that is new."""
        self._more = self._rings.enabled()
        counters = self._rings.counters()
        if any(now.claimed < then.next for now, then in zip(counters, self._positions)):
            yield from self.end()
            self._positions = [Position() for _ in self._positions]
            yield blocks.block(blocks.RINGS, self._description)  # the guest was reset
        self._pass += 1
        for ring, now in enumerate(counters):
            yield from self._look_again(ring)
            yield from self._read_ring(ring, now)

    def end(self) -> Iterator[bytes]:
        """Blocks of the calls in flight, of which nothing more will be heard."""
        for ring, position in enumerate(self._positions):
            for sequence, raw in position.waiting.items():
                yield self._given_up(ring, sequence, raw, blocks.UNWRITTEN, 0)
            position.waiting.clear()

    def most_unread(self) -> int:
        """How many calls can have been made since without a word of the guest's."""
        return sum(map(self._most_unread, self._positions)) if self._more else 0

    def _most_unread(self, position: Position) -> int:
        mark = self._rings.header.mark
        return mark - position.next % mark if mark else 0

    def give_up_unread(self) -> Iterator[bytes]:
        """The same as blocks, for a guest that is gone."""
        for ring, position in enumerate(self._positions):
            if self._more and self._most_unread(position):
                first, count = position.next, self._most_unread(position)
                yield blocks.block(
                    blocks.LOSS, blocks.LOSS_FORM.pack(ring, blocks.UNREAD, first, count)
                )

    def _read_ring(self, ring: int, now: Counters) -> Iterator[bytes]:
        header, position = self._rings.header, self._positions[ring]
        end = min(now.claimed, now.limit) if header.mode == STOPS else now.claimed
        if end - header.record_count > position.next:
            yield self._loss(ring, blocks.LATE, position.next, end - header.record_count)
            position.next = end - header.record_count
        per_block = (blocks.MAX_PAYLOAD - blocks.RECORDS_START.size) // header.record_size
        while position.next < end:
            last = min(end, position.next + per_block)
            yield from self._take(ring, position.next, last)
            position.next = last
        if position.next < now.claimed:
            yield self._loss(ring, blocks.FULL, position.next, now.claimed)
            position.next = now.claimed

    def _take(self, ring: int, first: int, last: int) -> Iterator[bytes]:
        """The calls ``first`` to ``last - 1``: as they come where all have returned."""
        data, size = self._rings.records(ring, first, last), self._rings.header.record_size
        words = memoryview(data).cast("Q")[:: size // 8].tolist()
        step = 1 << SEQUENCE_SHIFT
        begin = first * step + RETURNED
        if words == list(range(begin, begin + (last - first) * step, step)):
            yield self._records(ring, data)
            return
        returned = []
        for index, sequence in enumerate(range(first, last)):
            raw = data[index * size : (index + 1) * size]
            if believable(raw, sequence) and words[index] & STATE == RETURNED:
                returned.append(raw)
            elif words[index] >> SEQUENCE_SHIFT > sequence:
                yield self._loss(ring, blocks.LATE, sequence, sequence + 1)
            else:
                yield from self._wait(ring, sequence, raw)
        if returned:
            yield self._records(ring, b"".join(returned))

    def _wait(self, ring: int, sequence: int, raw: bytes) -> Iterator[bytes]:
        waiting = self._positions[ring].waiting
        waiting[sequence] = raw if believable(raw, sequence) else None
        if len(waiting) > MAX_WAITING:
            oldest = next(iter(waiting))
            yield self._given_up(ring, oldest, waiting.pop(oldest), blocks.LATE, blocks.OVERWRITTEN)

    def _look_again(self, ring: int) -> Iterator[bytes]:
        waiting = self._positions[ring].waiting
        for sequence in list(waiting):
            raw = self._rings.records(ring, sequence, sequence + 1)
            (word,) = _WORD.unpack_from(raw)
            if believable(raw, sequence):
                waiting[sequence] = raw
                if word & STATE == RETURNED:
                    yield self._records(ring, waiting.pop(sequence))
            elif word >> SEQUENCE_SHIFT > sequence:
                yield self._given_up(
                    ring, sequence, waiting.pop(sequence), blocks.LATE, blocks.OVERWRITTEN
                )

    def _given_up(self, ring: int, sequence: int, raw: bytes | None, why: int, flags: int) -> bytes:
        if raw is None:
            return self._loss(ring, why, sequence, sequence + 1)
        return self._records(ring, raw, flags)

    def _records(self, ring: int, data: bytes, flags: int = 0) -> bytes:
        self.records += len(data) // self._rings.header.record_size
        return blocks.block(
            blocks.RECORDS, blocks.RECORDS_START.pack(ring, flags, self._pass) + data
        )

    def _loss(self, ring: int, why: int, first: int, last: int) -> bytes:
        self.lost += last - first
        return blocks.block(blocks.LOSS, blocks.LOSS_FORM.pack(ring, why, first, last - first))


def end_block(records: int, lost: int) -> bytes:
    """The block that says that a recording ended as it should; a guest can claim any loss."""
    return blocks.block(blocks.END, blocks.END_FORM.pack(records, min(lost, MASK64)))
