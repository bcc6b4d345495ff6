# SPDX-License-Identifier: BSD-3-Clause
"""Reads a compiled table back to names, by table_entries.h and nothing of the compiler's."""

import struct
from ctypes import CDLL, c_char_p, c_size_t, c_void_p, create_string_buffer

from acrn_trace.base.places import READER_LIBRARY

NONE = 0xFFFFFFFF
SECTIONS = (
    *("abis", "calls", "arguments", "types", "fields", "selections", "cases", "rules", "layouts"),
    *("bounds", "enums", "values", "results", "errors", "text"),
)
SIZES = (40, 40, 20, 24, 32, 20, 16, 36, 16, 16, 16, 16, 24, 16, 1)
SCALAR, ARRAY, STRUCT, UNION, HIDDEN = range(1, 6)
DIRECTIONS = {0: None, 1: "in", 2: "out", 3: "inout", 4: "regs"}
ROLES = (
    *("OUT", "TEXT", "FLAGS", "HEX", "BOOL", "RESERVED", "SECRET"),
    *("quoted", "may hide"),
)


def wrong_with(table: bytes) -> str | None:
    """What the C finds wrong with a table; None if nothing is."""
    check = CDLL(str(READER_LIBRARY)).table_check
    check.restype, check.argtypes = c_char_p, [c_void_p, c_void_p, c_size_t]
    wrong = check(create_string_buffer(1 << 14), table, len(table))
    return wrong.decode() if wrong else None


class Table:
    """One; entries are numbers by ``u(section, index, offset)``."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        places = struct.unpack_from(f"<{2 * len(SECTIONS)}I", data, 16)
        self.places = dict(zip(SECTIONS, zip(places[::2], places[1::2], SIZES)))

    def count(self, section: str) -> int:
        return self.places[section][1]

    def at(self, section: str, index: int) -> int:
        """Where in the bytes an entry is."""
        offset, count, size = self.places[section]
        assert index < count
        return offset + index * size

    def u(self, section: str, index: int, offset: int, size: int = 4) -> int:
        at = self.at(section, index) + offset
        return int.from_bytes(self.data[at : at + size], "little")

    def text(self, offset: int) -> str:
        at = self.places["text"][0] + offset
        length = int.from_bytes(self.data[at : at + 2], "little")
        assert self.data[at + 2 + length] == 0
        return self.data[at + 2 : at + 2 + length].decode()

    def text_at(self, section: str, index: int, offset: int) -> str | None:
        place = self.u(section, index, offset)
        return None if place == NONE else self.text(place)

    def calls(self) -> dict[str, int]:
        """The calls' indices by full name."""
        return {self.text_at("calls", i, 36): i for i in range(self.count("calls"))}

    def arguments(self, call: int) -> range:
        first = self.u("calls", call, 12)
        return range(first, first + self.u("calls", call, 16))

    def type(self, index: int) -> object:
        """A type as plain values, pointees by their name."""
        kind, a = self.u("types", index, 0, 1), self.u("types", index, 12)
        b, size = self.u("types", index, 16), self.u("types", index, 4)
        if kind == SCALAR:
            flags = self.u("types", index, 1, 1)
            return "scalar", size, bool(flags & 1), bool(flags & 2), self.enum(a)
        if kind == ARRAY:
            return "array", b, self.type(a)
        if kind == HIDDEN:
            return "hidden", size
        fields = [self.field(at) for at in range(a, a + b)]
        return "union" if kind == UNION else "struct", self.name(index), size, fields

    def name(self, index: int) -> str | None:
        return None if index == NONE else self.text_at("types", index, 8)

    def field(self, index: int) -> tuple:
        roles = self.u("fields", index, 16, 2)
        names = {name for bit, name in enumerate(ROLES) if roles >> bit & 1}
        place = self.u("fields", index, 4), self.u("fields", index, 8)
        kind = self.type(self.u("fields", index, 12))
        return self.text_at("fields", index, 0), *place, kind, names

    def enum(self, index: int) -> dict[int, str] | None:
        if index == NONE:
            return None
        first, count = self.u("enums", index, 0), self.u("enums", index, 4)
        values = range(first, first + count)
        return {self.u("values", i, 0, 8): self.text_at("values", i, 8) for i in values}

    def cases(self, selection: int) -> dict[int, tuple[int, int]]:
        """Target and direction by value."""
        first = self.u("selections", selection, 12)
        span = range(first, first + self.u("selections", selection, 16))
        return {
            self.u("cases", i, 0, 8): (self.u("cases", i, 8), self.u("cases", i, 12)) for i in span
        }
