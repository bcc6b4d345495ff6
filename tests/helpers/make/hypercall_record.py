# SPDX-License-Identifier: BSD-3-Clause
"""Makes the bytes of records of version 2 (cstub/include/hypercall_record.h), and of blocks."""

import struct

HEAD = struct.Struct("<IBBBBIIIIIIQQQQQQQ6QQ16x")
UNKNOWN32, UNKNOWN64 = (1 << 32) - 1, (1 << 64) - 1
CALLED, RETURNED = 2, 4
TICKS, NANOSECONDS = 1, 2
ENTRY_REGISTERS, RETURN_REGISTERS, CHANGED, CAPTURED_IN, CAPTURED_OUT = range(1, 6)
UNREADABLE_IN, UNREADABLE_OUT = 6, 7
ANSWERED, WAS_READ = 4, 8
DONE = 8
INJECTED, MOCKED, DELAYED, POKED, NOT_POKED, NOT_POKED_BEYOND = range(1, 7)


def block(kind: int, payload: bytes) -> bytes:
    return struct.pack("<HHI", kind, 0, len(payload)) + payload + bytes(-len(payload) % 8)


def memory(kind: int, address: int, data: bytes) -> bytes:
    return block(kind, struct.pack("<Q", address) + data)


def unreadable(kind: int, address: int, size: int, why: str) -> bytes:
    return block(kind, struct.pack("<QQ", address, size) + why.encode())


def done(what: int, text: str, before: int = 0, after: int = 0, bits: int = 0) -> bytes:
    """One struct hypercall_done, of those in a block."""
    return struct.pack("<BB6xQQ48s", what, bits, before, after, text.encode())


def record(number: int, *args: int, blocks: bytes = b"", result: int = 0, **more: int) -> bytes:
    """The bytes of one; ``more`` are fields of its head."""
    fields = {
        **{"size": HEAD.size + len(blocks), "version": 2, "state": RETURNED, "clock": NANOSECONDS},
        **{"arguments": len(args), "abi": 0, "flags": 0, "ring": 7, "reserved": 0, "vcpu": 1},
        **{"return_vcpu": 2, "sequence": 5, "entry": 3_000_001_000, "leave": 3_000_004_000},
        **{"site": 0xFFFFFFFF80001234, "cr3": UNKNOWN64, "rsp": UNKNOWN64, "number": number},
    }
    head = [{**fields, **more}[name] for name in fields]
    return HEAD.pack(*head, *(list(args) + [0] * 6)[:6], result & UNKNOWN64) + blocks
