# SPDX-License-Identifier: BSD-3-Clause
"""Writes the blocks that a binary trace file is made of (docs/trace-file.md); C reads them."""

import struct
import zlib

MAGIC = b"\x89ATB"
MAX_PAYLOAD = 1 << 20
HEADER, TABLE, SITES, RINGS, RECORDS, LOSS, END = range(1, 8)

# How the payloads begin that are no text.
HEADER_START = struct.Struct("<HHIQ")  # version, size of this, checksum of the table, time
END_FORM = struct.Struct("<QQ")  # records, lost

VERSION = 1
LAYOUT = (
    b"u64 word\nu64 tsc_entry\nu64 tsc_return\nu64 number\nu64 arg1\nu64 arg2\nu64 result\n"
    b"u32 site\nu16 vcpu\nu16 flags\n"
)

_BLOCK = struct.Struct("<4sIII")
_CHECKED = struct.Struct("<II")


def block(kind: int, payload: bytes) -> bytes:
    """The bytes of one block."""
    check = zlib.crc32(payload, zlib.crc32(_CHECKED.pack(kind, len(payload))))
    return _BLOCK.pack(MAGIC, kind, len(payload), check) + payload
