# SPDX-License-Identifier: BSD-3-Clause
"""Guest-physical memory made by hand, and structures to read from it."""

from dataclasses import dataclass, field

from acrn_trace.guest.memory import Unreadable
from acrn_trace.base import deffile
from acrn_trace.tables.fields import FieldTable, add_fields
from acrn_trace.tables.layouts import Array, Field, Layouts, Scalar, Struct, Type
from acrn_trace.tables.types import Types
from acrn_trace.trace.structures import Structures

U8, U16, U32, U64 = Scalar(1), Scalar(2), Scalar(4), Scalar(8)


@dataclass
class FakeMemory:
    """Bytes at addresses; all else is unreadable. Counts what is asked of it."""

    parts: dict[int, bytes] = field(default_factory=dict)
    reads: int = 0

    def read(self, address: int, size: int) -> bytes:
        self.reads += 1
        for start, data in self.parts.items():
            if start <= address and address + size <= start + len(data):
                offset = address - start
                return data[offset:][:size]
            if start <= address < start + len(data):
                raise Unreadable(f"memory ends at {start + len(data) - 1:#x}")
        raise Unreadable("no memory there")


def struct(name: str, *members: tuple[str, Type], size: int = 0, union: bool = False) -> Struct:
    """A structure whose members follow each other, or all begin at 0."""
    fields, at = [], 0
    for member, kind in members:
        fields.append(Field(member, 0 if union else at * 8, kind.size * 8, kind))
        at = max(at, kind.size) if union else at + kind.size
    return Struct(name, size or at, tuple(fields), union)


def structures(*structs: Struct, rules: str = "", enums: dict | None = None) -> Structures:
    return Structures(Types(Layouts({s.name: s for s in structs}, enums or {}), table(rules)))


def table(rules: str) -> FieldTable:
    made = FieldTable()
    add_fields(made, deffile.parse(rules, "rules"), "acrn")
    return made


def array(kind: Type, count: int) -> Array:
    return Array(kind, count)
