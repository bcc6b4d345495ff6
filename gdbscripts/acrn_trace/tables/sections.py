# SPDX-License-Identifier: BSD-3-Clause
"""Lays out a compiled table: rows in sections and texts to one block of bytes.

The format is that of cstub/decode/table.h and table_entries.h; rows refer to each other by index,
to texts by offset.
"""

import struct
from typing import Iterable

from acrn_trace.base.errors import TraceError
from acrn_trace.tables.built import HEAD

MAGIC = b"HCT1"
NONE = 0xFFFF_FFFF  # an index or offset of nothing
MAX_BYTES = 16 << 20
MAX_TEXT = 0xFFFF

# In the order of enum table_section; behind them come the texts.
FORMS = {
    "abis": struct.Struct("<III6sBBIQQ"),
    "calls": struct.Struct("<QIIIIIIII"),
    "arguments": struct.Struct("<BBBBIIII"),
    "types": struct.Struct("<BBBBIIIII"),
    "fields": struct.Struct("<IIIIHBBIII"),
    "selections": struct.Struct("<IIIII"),
    "cases": struct.Struct("<QIBBxx"),
    "size rules": struct.Struct("<9I"),
    "layouts": struct.Struct("<4I"),
    "bounds": struct.Struct("<4I"),
    "enums": struct.Struct("<4I"),
    "values": struct.Struct("<QII"),
    "result rules": struct.Struct("<IIIIQ"),
    "errors": struct.Struct("<IIIHH"),
}
PLACE = struct.Struct("<II")  # of a section: offset, count
HEAD_SIZE = HEAD.size + PLACE.size * (len(FORMS) + 1)


class Sections:
    """The rows so far."""

    def __init__(self) -> None:
        self._rows: dict[str, list[bytes]] = {name: [] for name in FORMS}
        self._texts: dict[bytes, int] = {}
        self._text = bytearray()

    def add(self, section: str, *values: int | bytes) -> int:
        """Add a row; its index."""
        rows = self._rows[section]
        rows.append(FORMS[section].pack(*values))
        return len(rows) - 1

    def add_all(self, section: str, rows: Iterable[tuple[int | bytes, ...]]) -> tuple[int, int]:
        """Add what belongs to one row of another section: the first's index, and how many."""
        first = len(self._rows[section])
        for row in rows:
            self.add(section, *row)
        return first, len(self._rows[section]) - first

    def text(self, text: str) -> int:
        """The offset of a text; what is over MAX_TEXT bytes of it is left out."""
        data = text.encode("utf-8", "replace")[:MAX_TEXT].decode("utf-8", "ignore").encode()
        if data not in self._texts:
            self._texts[data] = len(self._text)
            self._text += len(data).to_bytes(2, "little") + data + b"\0"
        return self._texts[data]

    def packed(self, calls: int) -> bytes:
        """The table; ``calls`` is the checksum of its calls. TraceError if it is too large."""
        parts = [b"".join(rows) for rows in self._rows.values()] + [bytes(self._text)]
        counts = [*map(len, self._rows.values()), len(self._text)]
        offset, places = HEAD_SIZE, b""
        for part, count in zip(parts, counts):
            places += PLACE.pack(offset, count)
            offset += len(part)
        if offset > MAX_BYTES:
            raise TraceError(
                f"the calls and their types need a table of {offset} bytes, over {MAX_BYTES}; "
                "load fewer call tables"
            )
        return HEAD.pack(MAGIC, offset, calls, 0) + places + b"".join(parts)
