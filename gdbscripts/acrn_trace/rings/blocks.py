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

VERSION, VERSION_2 = 1, 2
LAYOUT = (
    b"u64 word\nu64 tsc_entry\nu64 tsc_return\nu64 number\nu64 arg1\nu64 arg2\nu64 result\n"
    b"u32 site\nu16 vcpu\nu16 flags\n"
)
LAYOUT_2 = (
    b"u32 size\nu8 version\nu8 state\nu8 clock\nu8 arguments\nu32 abi\nu32 flags\nu32 ring\n"
    b"u32 reserved\nu32 vcpu\nu32 return_vcpu\nu64 sequence\nu64 entry\nu64 leave\nu64 site\n"
    b"u64 cr3\nu64 rsp\nu64 number\nu64[6] argument\nu64 result\nu64[2] reserved_too\n"
)
LAYOUTS = {VERSION: LAYOUT, VERSION_2: LAYOUT_2}

_BLOCK = struct.Struct("<4sIII")
_CHECKED = struct.Struct("<II")


def block(kind: int, payload: bytes) -> bytes:
    """The bytes of one block."""
    check = zlib.crc32(payload, zlib.crc32(_CHECKED.pack(kind, len(payload))))
    return _BLOCK.pack(MAGIC, kind, len(payload), check) + payload
