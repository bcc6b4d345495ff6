# SPDX-License-Identifier: BSD-3-Clause
"""Finds where a function's indirect jumps go: the jump tables that its code names."""

import re
from typing import Iterator

from acrn_trace.guest.abi import MASK64
from acrn_trace.image.image import Code, Image

MAX_ENTRIES = 4096
MAX_TABLES = 256

# lea table(%rip), %reg: a table of distances, or of addresses. ModRM 00 reg 101.
_RELATIVE_TO_RIP = re.compile(
    rb"[\x48-\x4f]\x8d[\x05\x0d\x15\x1d\x25\x2d\x35\x3d](....)", re.DOTALL
)
# jmp *table(,%reg,8) and mov table(,%reg,8), %reg: of addresses. SIB scale 8, no base.
_INDEXED = re.compile(
    rb"(?:\xff\x24|\x8b[\x04\x0c\x14\x1c\x24\x2c\x34\x3c])[\xc5\xcd\xd5\xdd\xe5\xed\xf5\xfd](....)",
    re.DOTALL,
)


def table_targets(
    image: Image, code: Code, start: int, end: int, within: tuple[int, int] | None = None
) -> Iterator[int]:
    """The entries of every table that the code from ``start`` to ``end`` addresses.

    A table of absolute addresses of 8 bytes, or of distances from itself of 4, ends at the first
    entry that is not ``within`` the function, which is the same code unless told.
    """
    first, last = within or (start, end)
    tables = dict.fromkeys(_tables(code.data[start - code.address : end - code.address], start))
    for table in list(tables)[:MAX_TABLES]:
        for size, base in ((8, 0), (4, table)):
            data = image.read_at_most(table, MAX_ENTRIES * size)
            for offset in range(0, len(data) - size + 1, size):
                entry = int.from_bytes(data[offset : offset + size], "little", signed=True)
                target = base + entry & MASK64
                if not first <= target < last:
                    break
                yield target


def _tables(data: bytes, address: int) -> Iterator[int]:
    for match in _RELATIVE_TO_RIP.finditer(data):
        distance = int.from_bytes(match[1], "little", signed=True)
        yield address + match.end() + distance & MASK64
    for match in _INDEXED.finditer(data):
        yield int.from_bytes(match[1], "little", signed=True) & MASK64
