# SPDX-License-Identifier: BSD-3-Clause
"""Guest-physical memory made by hand, and structures to read from it."""

from dataclasses import dataclass, field

from acrn_trace.base import deffile
from acrn_trace.bindings.calls import CallDecoder
from acrn_trace.guest.memory import PhysicalMemory, Unreadable
from acrn_trace.tables.calls import Argument, CallTable
from acrn_trace.tables.fields import FieldTable, add_fields
from acrn_trace.tables.layouts import Array, Field, Layouts, Scalar, Struct, Type
from acrn_trace.tables.types import Types
from acrn_trace.trace.trees import Tree
from helpers.make.knowledge import knowledge_of

DATA = 0x7FFF_0000_0000

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


class _Over:
    """Some bytes over a memory."""

    def __init__(self, address: int, data: bytes, memory: PhysicalMemory | None) -> None:
        self._here, self._there = FakeMemory({address: data}), memory or FakeMemory()

    def read(self, address: int, size: int) -> bytes:
        try:
            return self._here.read(address, size)
        except Unreadable:
            return self._there.read(address, size)


class Structures:
    """Decodes what arguments lead to, in C."""

    def __init__(self, types: Types) -> None:
        self.types = types
        self._calls = CallDecoder(knowledge_of(CallTable(), types))

    def read(self, name: str, address: int, memory: PhysicalMemory) -> Tree:
        """The tree of the ``name`` at a guest-physical address; Unreadable if it is not there."""
        tree = self._calls.argument(Argument("PTR", "it", name), address, memory=memory)
        if isinstance(tree, dict) and tree.keys() == {"address", "unreadable"}:
            raise Unreadable(tree["unreadable"])
        return tree

    def value(self, name: str, data: bytes, memory: PhysicalMemory | None = None) -> Tree:
        """The tree of ``data``, which is of the type ``name``; ``memory`` has what is elsewhere."""
        return self.read(name, DATA, _Over(DATA, data, memory))

    def beginning(self, name: str, data: bytes) -> Tree:
        """The tree of a structure of which ``data`` alone is known, as if recorded."""
        return self._calls.argument(Argument("PTR", "it", name), DATA, (data,))


def structures(*structs: Struct, rules: str = "", enums: dict | None = None) -> Structures:
    return Structures(Types(Layouts({s.name: s for s in structs}, enums or {}), table(rules)))


def table(rules: str) -> FieldTable:
    made = FieldTable()
    add_fields(made, deffile.parse(rules, "rules"), "acrn")
    return made


def array(kind: Type, count: int) -> Array:
    return Array(kind, count)
