# SPDX-License-Identifier: BSD-3-Clause
"""Where a function's indirect jumps go: the jump tables that its instructions name."""

import re
from typing import Iterator

from acrn_trace.decoder import Instruction
from acrn_trace.image import Image

MAX_ENTRIES = 4096
MAX_TABLES = 256

_RELATIVE_TO_RIP = re.compile(r"\[rip ([+-]) (0x[0-9a-f]+|\d+)\]")
_INDEXED = re.compile(r"\[\w+\*8 ([+-]) (0x[0-9a-f]+|\d+)\]")


def table_targets(
    image: Image, instructions: list[Instruction], start: int, end: int
) -> Iterator[int]:
    """The entries, from ``start`` to ``end``, of every table that ``instructions`` address.

    A table of absolute addresses of 8 bytes, or of distances from itself of 4, ends at the first
    entry that is elsewhere.
    """
    tables = dict.fromkeys(t for i in instructions for t in _addresses(i))
    for table in list(tables)[:MAX_TABLES]:
        for size, base in ((8, 0), (4, table)):
            data = image.read_at_most(table, MAX_ENTRIES * size)
            for offset in range(0, len(data) - size + 1, size):
                entry = int.from_bytes(data[offset : offset + size], "little", signed=True)
                target = base + entry & (1 << 64) - 1
                if not start <= target < end:
                    break
                yield target


def _addresses(instruction: Instruction) -> Iterator[int]:
    """The addresses of memory that an instruction names."""
    address, size, _, operands = instruction
    if "[" not in operands:
        return
    for pattern, base in ((_RELATIVE_TO_RIP, address + size), (_INDEXED, 0)):
        match = pattern.search(operands)
        if match:
            distance = int(match[2], 0)
            yield base + (distance if match[1] == "+" else -distance) & (1 << 64) - 1
