# SPDX-License-Identifier: BSD-3-Clause
"""Reads a guest's rings (cstub/include/acrn_ring.h) over any memory: a stub's, a dump's.

The guest is hostile: the header is copied and checked once, counters and records are read as what
they may be. The reading position is here, never in the guest.
"""

import struct
from dataclasses import dataclass, field
from typing import Callable, Iterator

from acrn_trace.rings.ringformat import (
    CALLED,
    COUNTERS_SIZE,
    HEADER_SIZE,
    RETURNED,
    SEQUENCE_SHIFT,
    STATE,
    STOPS,
    Counters,
    RingHeader,
)
from acrn_trace.traces import blocks

ReadMemory = Callable[[int, int], bytes]  # a virtual address and a size; raises if it cannot

MAX_WAITING = 1024  # calls of one ring that have not returned
LATE, FULL, UNWRITTEN, UNREAD = 1, 2, 3, 4  # why a call is lost: enum acrn_trace_why
OVERWRITTEN = 1
ENABLED_AT = 36  # in the header
MASK64 = (1 << 64) - 1

_RECORDS = struct.Struct("<IIQ")
_LOSS = struct.Struct("<IIQQ")
_RINGS = struct.Struct("<QII")
_END = struct.Struct("<QQ")
_WORD = struct.Struct("<Q")


class Rings:
    """The rings whose header is at the virtual ``address``; NotARing if there are none."""

    def __init__(self, read: ReadMemory, address: int, header: RingHeader | None = None) -> None:
        """``header`` is to be believed rather than what memory has, if it is given."""
        self._read = read
        self.address = address
        self.header = header or RingHeader.parse(read(address, HEADER_SIZE))
        # Where GDB was told that the header is; what it says itself may not be written yet.
        self._counters_at = address + self.header.header_size

    def counters(self) -> list[Counters]:
        """Of each ring, now."""
        size, count = self.header.ring_size, self.header.ring_count
        data = self._read(self._counters_at, (count - 1) * size + COUNTERS_SIZE)
        return [
            Counters.parse(data[at : at + COUNTERS_SIZE]) for at in range(0, count * size, size)
        ]

    def enabled(self) -> bool:
        """Whether calls are recorded, now."""
        return any(self._read(self.address + ENABLED_AT, 4))

    def records(self, ring: int, first: int, last: int) -> bytes:
        """The slots of the calls ``first`` to ``last - 1``, of which the ring has room for each."""
        size, count = self.header.record_size, self.header.record_count
        base = self.header.records_virtual + ring * count * size
        begin, end = first % count, (last - 1) % count + 1
        if begin < end:
            return self._read(base + begin * size, (end - begin) * size)
        return self._read(base + begin * size, (count - begin) * size) + self._read(
            base, end * size
        )


def believable(raw: bytes, sequence: int) -> bool:
    """Whether the record is that of the call ``sequence``, returned or under way."""
    (word,) = _WORD.unpack_from(raw)
    return word >> SEQUENCE_SHIFT == sequence and CALLED <= word & STATE <= RETURNED


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
        self._description = _RINGS.pack(tsc_hz, clock, 0) + self._rings.header.pack()
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
                yield self._given_up(ring, sequence, raw, UNWRITTEN, 0)
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
                yield blocks.block(blocks.LOSS, _LOSS.pack(ring, UNREAD, first, count))

    def _read_ring(self, ring: int, now: Counters) -> Iterator[bytes]:
        header, position = self._rings.header, self._positions[ring]
        end = min(now.claimed, now.limit) if header.mode == STOPS else now.claimed
        if end - header.record_count > position.next:
            yield self._loss(ring, LATE, position.next, end - header.record_count)
            position.next = end - header.record_count
        per_block = (blocks.MAX_PAYLOAD - _RECORDS.size) // header.record_size
        while position.next < end:
            last = min(end, position.next + per_block)
            yield from self._take(ring, position.next, last)
            position.next = last
        if position.next < now.claimed:
            yield self._loss(ring, FULL, position.next, now.claimed)
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
                yield self._loss(ring, LATE, sequence, sequence + 1)
            else:
                yield from self._wait(ring, sequence, raw)
        if returned:
            yield self._records(ring, b"".join(returned))

    def _wait(self, ring: int, sequence: int, raw: bytes) -> Iterator[bytes]:
        waiting = self._positions[ring].waiting
        waiting[sequence] = raw if believable(raw, sequence) else None
        if len(waiting) > MAX_WAITING:
            oldest = next(iter(waiting))
            yield self._given_up(ring, oldest, waiting.pop(oldest), LATE, OVERWRITTEN)

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
                yield self._given_up(ring, sequence, waiting.pop(sequence), LATE, OVERWRITTEN)

    def _given_up(self, ring: int, sequence: int, raw: bytes | None, why: int, flags: int) -> bytes:
        if raw is None:
            return self._loss(ring, why, sequence, sequence + 1)
        return self._records(ring, raw, flags)

    def _records(self, ring: int, data: bytes, flags: int = 0) -> bytes:
        self.records += len(data) // self._rings.header.record_size
        return blocks.block(blocks.RECORDS, _RECORDS.pack(ring, flags, self._pass) + data)

    def _loss(self, ring: int, why: int, first: int, last: int) -> bytes:
        self.lost += last - first
        return blocks.block(blocks.LOSS, _LOSS.pack(ring, why, first, last - first))


def end_block(records: int, lost: int) -> bytes:
    """The block that says that a recording ended as it should; a guest can claim any loss."""
    return blocks.block(blocks.END, _END.pack(records, min(lost, MASK64)))
