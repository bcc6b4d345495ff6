# SPDX-License-Identifier: BSD-3-Clause
"""Reads a guest's rings (cstub/include/acrn_ring.h) over any memory: a stub's, a dump's.

The guest is hostile: the header is copied and checked once, counters and records are read as what
they may be.
"""

import struct
from typing import Callable

from acrn_trace.rings.format import (
    CALLED,
    COUNTERS_SIZE,
    HEADER_SIZE,
    RETURNED,
    SEQUENCE_SHIFT,
    STATE,
    Counters,
    RingHeader,
)

ReadMemory = Callable[[int, int], bytes]  # a virtual address and a size; raises if it cannot

ENABLED_AT = 36  # in the header

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
