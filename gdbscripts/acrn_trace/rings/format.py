# SPDX-License-Identifier: BSD-3-Clause
"""Reads the ring's format (cstub/include/acrn_ring.h): header and records, as bytes.

All of it comes from a guest: a header is checked as a whole before any of it is used, in C.
"""

import struct
from typing import NamedTuple

from acrn_trace.bindings.library import header_fault
from acrn_trace.guest.abi import ENCODED_REGISTERS, MASK64

MAGIC = 0x474E49524E524341
VERSION = 1
STOPS = 1  # the mode in which a full ring takes no more

WRITING, CALLED, RETURNING, RETURNED = 1, 2, 3, 4
STATE = 7
SEQUENCE_SHIFT = 3

ARGUMENTS, FAULTED, CHANGED, CAPTURED_IN, CAPTURED_OUT = 3, 4, 8, 16, 32
UNKNOWN_VCPU = 0xFFFF
REGISTERS = ENCODED_REGISTERS

_HEADER = struct.Struct("<QIIIIIIIIIIHHHHQQQQQ32x")
RECORD = struct.Struct("<QQQQQQQIHH")
HEADER_SIZE = _HEADER.size


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
        fault = header_fault(data)
        if fault:
            raise NotARing(fault)
        return cls._make(_HEADER.unpack(data))

    def pack(self) -> bytes:
        return _HEADER.pack(*self)

    def site(self, low: int) -> int:
        """The whole of a site's address: it is within 2 GiB of the header's."""
        away = (low - self.header_virtual + (1 << 31) & 0xFFFF_FFFF) - (1 << 31)
        return self.header_virtual + away & MASK64
