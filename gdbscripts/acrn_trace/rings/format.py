# SPDX-License-Identifier: BSD-3-Clause
"""Reads the ring's format (cstub/include/acrn_ring.h): header, counters and records, as bytes.

All of it comes from a guest: a header is checked as a whole before any of it is used.
"""

import struct
from typing import NamedTuple

from acrn_trace.guest.abi import MASK64

MAGIC = 0x474E49524E524341
VERSION = 1
STOPS = 1  # the mode in which a full ring takes no more
PAGE = 4096

MAX_RINGS = 256
MAX_RECORD_SIZE = 4096
MAX_RECORDS = 1 << 24
MAX_BYTES = 1 << 30

WRITING, CALLED, RETURNING, RETURNED = 1, 2, 3, 4
STATE = 7
SEQUENCE_SHIFT = 3

ARGUMENTS, FAULTED, CHANGED, CAPTURED_IN, CAPTURED_OUT = 3, 4, 8, 16, 32
UNKNOWN_VCPU = 0xFFFF
REGISTERS = (
    *("rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi"),
    *("r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "rflags"),
)

_HEADER = struct.Struct("<QIIIIIIIIIIHHHHQQQQQ32x")
_COUNTERS = struct.Struct("<QQQQ32x")
RECORD = struct.Struct("<QQQQQQQIHH")
HEADER_SIZE, COUNTERS_SIZE, RECORD_SIZE = _HEADER.size, _COUNTERS.size, RECORD.size


class NotARing(Exception):
    """What is wrong with a header, as half a sentence."""


class RingHeader(NamedTuple):
    magic: int
    version: int
    header_size: int
    ring_size: int
    ring_count: int
    record_size: int
    record_count: int
    mode: int
    enabled: int
    mark: int
    tsc_khz: int
    capture_offset: int
    capture_bytes: int
    changed_offset: int
    changed_slots: int
    cr3: int
    header_virtual: int
    header_physical: int
    records_virtual: int
    records_physical: int

    @classmethod
    def parse(cls, data: bytes) -> "RingHeader":
        """The header in ``data``; NotARing unless all of it can be right."""
        header = cls._make(_HEADER.unpack(data))
        fault = header.fault()
        if fault:
            raise NotARing(fault)
        return header

    def pack(self) -> bytes:
        return _HEADER.pack(*self)

    def fault(self) -> str | None:
        """What is wrong; the same as cstub/reader/ring_map.c finds."""
        size, count = self.record_size, self.record_count
        if self.magic != MAGIC:
            return "there is no ring header"
        if self.version != VERSION:
            return f"its version is {self.version}, and this reader knows {VERSION}"
        if not HEADER_SIZE <= self.header_size <= PAGE or self.header_size % 8:
            return f"its header_size, {self.header_size}, cannot be right"
        if not COUNTERS_SIZE <= self.ring_size <= PAGE or self.ring_size % 8:
            return f"its ring_size, {self.ring_size}, cannot be right"
        if not 0 < self.ring_count <= MAX_RINGS:
            return f"its ring_count, {self.ring_count}, is not 1 to {MAX_RINGS}"
        if not RECORD_SIZE <= size <= MAX_RECORD_SIZE or size % 64:
            return f"its record_size, {size}, is no multiple of 64 up to {MAX_RECORD_SIZE}"
        if not 0 < count <= MAX_RECORDS or count & (count - 1):
            return f"its record_count, {count}, is no power of two up to {MAX_RECORDS}"
        if self.ring_count * count * size > MAX_BYTES:
            return "its records are more than 1 GiB"
        capture, changed = 8 + 2 * self.capture_bytes, 8 + 16 * self.changed_slots
        if not self._fits(self.capture_offset, capture) or not self._fits(
            self.changed_offset, changed
        ):
            return "what it says to be in a record is outside of it"
        return None

    def _fits(self, offset: int, size: int) -> bool:
        inside = offset >= RECORD_SIZE and offset % 8 == 0 and offset + size <= self.record_size
        return offset == 0 or inside

    def site(self, low: int) -> int:
        """The whole of a site's address: it is within 2 GiB of the header's."""
        away = (low - self.header_virtual + (1 << 31) & 0xFFFF_FFFF) - (1 << 31)
        return self.header_virtual + away & MASK64


class Counters(NamedTuple):
    """One ring's, as they were when they were read."""

    claimed: int
    limit: int
    lost: int
    lapped: int

    @classmethod
    def parse(cls, data: bytes) -> "Counters":
        return cls._make(_COUNTERS.unpack(data))
