# SPDX-License-Identifier: BSD-3-Clause
"""Finds the table that the decoder in C reads: the one that was built, or one compiled now.

The first loads neither types nor what compiles them.
"""

import os
import struct

from acrn_trace.tables.knowledge import Knowledge

HEAD = struct.Struct("<4sIII")  # magic, size, checksum of the calls, 0


def table_for(knowledge: Knowledge) -> bytes:
    """The table of ``knowledge``: the one that was built, where that is the same."""
    built = None if knowledge.has_other_types else knowledge.built
    if built and os.path.exists(built):
        with open(built, "rb") as file:
            table = file.read()
        if calls_in(table) == knowledge.table.checksum:
            return table
    from acrn_trace.tables.compiled import compiled  # and the types, which few need

    return compiled(knowledge)


def calls_in(table: bytes) -> int | None:
    """The checksum of the calls that a table has; None if it is none."""
    return HEAD.unpack_from(table)[2] if len(table) >= HEAD.size else None
