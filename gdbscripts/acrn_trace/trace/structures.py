# SPDX-License-Identifier: BSD-3-Clause
"""Decodes structures in guest-physical memory to plain trees: dictionaries, lists, numbers, text.

A leaf is an int; text in hexadecimal for 64-bit fields; an enumeration's name or flags; characters.
A pointer is ``{"address": "0x…", "points_to": …}``, or has ``"unreadable": why`` instead. Whatever
the guest put in memory, the work is bounded.
"""

from dataclasses import dataclass
from typing import Any

from acrn_trace.base.text import text_of
from acrn_trace.guest.abi import MASK64
from acrn_trace.guest.memory import PhysicalMemory, Unreadable
from acrn_trace.tables import extents
from acrn_trace.tables.fields import NO_ROLES, Pointee, Roles
from acrn_trace.tables.layouts import Array, Field, Hidden, Scalar, Struct, Type, cut
from acrn_trace.tables.types import Types, field_value

MAX_ELEMENTS = 1024  # of an array that a count in guest memory sizes
MAX_DEPTH = 4  # of pointers
MAX_BYTES = 1 << 18  # that are read for one argument
REDACTED = "redacted"

Tree = Any


class _Limited:
    """So much of a memory, and no more: pointers that branch at each step multiply."""

    def __init__(self, memory: PhysicalMemory) -> None:
        self._memory = memory
        self._left = MAX_BYTES

    def read(self, address: int, size: int) -> bytes:
        if size > self._left:
            raise Unreadable(f"more than {MAX_BYTES} bytes to read for one argument")
        self._left -= size
        return self._memory.read(address, size)


class NoTruth(int):
    """A leaf that is a bool by its declaration and neither 0 nor 1."""


class Pointed(dict):
    """The tree of a pointer; ``direction`` says who writes what is behind it."""

    def __init__(self, direction: str, **tree: Tree) -> None:
        super().__init__(**tree)
        self.direction = direction


class Sized(dict):
    """The tree of a structure that says itself how many bytes it has: ``size`` are decoded."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.size = size


@dataclass
class Structures:
    """Decodes by ``types``."""

    types: Types

    def read(self, name: str, address: int, memory: PhysicalMemory, depth: int = 0) -> Tree:
        """The tree of the ``name`` at a guest-physical address; Unreadable if it is not there."""
        memory = memory if depth else _Limited(memory)
        kind = self.types.type_named(name)
        if kind is None:
            raise Unreadable(f"no layout of struct {name} is known")
        return self.value(
            kind, bytes_of(self.types, kind, address, memory), NO_ROLES, memory, depth
        )

    def value(
        self, kind: Type, data: bytes, roles: Roles, memory: PhysicalMemory, depth: int = 0
    ) -> Tree:
        """The tree of ``data``, which is of type ``kind``."""
        if isinstance(kind, Struct):
            return self._struct(kind, data, memory, depth)
        if isinstance(kind, Array):
            return self._array(kind, data, roles, memory, depth)
        return self.scalar(kind, int.from_bytes(data, "little"), kind.size * 8, roles)

    def beginning(self, struct: Struct, data: bytes, memory: PhysicalMemory) -> Tree:
        """The tree of a structure of which no more than ``data`` is known."""
        if struct.name not in self.types.fields.sizes:  # of those the data says what there is
            struct = cut(struct, len(data))
        return self.value(struct, data[: struct.size], NO_ROLES, memory)

    def scalar(self, kind: Scalar, number: int, bits: int, roles: Roles = NO_ROLES) -> int | str:
        """The leaf for a ``number`` of so many ``bits``."""
        names = self.types.enum_named(kind.enum) if kind.enum else {}
        if "FLAGS" in roles.plain:
            return flags(number, names)
        if number in names:
            return names[number]
        if number > 1 and (kind.boolean or "BOOL" in roles.plain):
            return NoTruth(number)
        if bits == 64 or "HEX" in roles.plain:
            return hex(number)
        return number - (1 << bits) if kind.signed and number >> bits - 1 else number

    def _struct(self, struct: Struct, data: bytes, memory: PhysicalMemory, depth: int) -> Tree:
        whole = int.from_bytes(data, "little")
        rule, struct = self.types.fields.sizes.get(struct.name), self.types.laid_out(struct, data)
        tree = {} if rule is None or rule.array else Sized(struct.size)
        for field in struct.fields:
            raw = whole >> field.bit_offset & (1 << field.bit_size) - 1
            roles = self.types.fields.of(struct.name, field.name)
            if raw or "RESERVED" not in roles.plain:
                tree[field.name] = self._field(struct, field, raw, whole, memory, depth)
        return tree

    def _field(
        self, struct: Struct, field: Field, raw: int, whole: int, memory: PhysicalMemory, depth: int
    ) -> Tree:
        roles = self.types.fields.of(struct.name, field.name)
        if "SECRET" in roles.plain or isinstance(field.type, Hidden):
            return REDACTED
        if roles.pointee:
            count = _count(struct, roles.pointee, whole)
            return self._follow(roles.pointee, raw, count, memory, depth + 1)
        if isinstance(field.type, Scalar):
            return self.scalar(field.type, raw, field.bit_size, roles)
        data = raw.to_bytes(field.bit_size // 8, "little")
        if isinstance(field.type, Struct) and field.type.is_union:
            return self._union(struct, field, data, whole, memory, depth)
        return self.value(field.type, data, roles, memory, depth)

    def _union(
        self,
        struct: Struct,
        field: Field,
        data: bytes,
        whole: int,
        memory: PhysicalMemory,
        depth: int,
    ) -> Tree:
        """The member that another field selects; the bare bytes if that selects none."""
        selector, cases = self.types.fields.cases.get((struct.name, field.name), ("", {}))
        member = cases.get(field_value(struct, selector, whole))
        assert isinstance(field.type, Struct)
        for candidate in field.type.fields:
            if candidate.name == member:
                part = data[: candidate.type.size]
                return {member: self.value(candidate.type, part, NO_ROLES, memory, depth)}
        return data.hex()

    def _array(
        self, array: Array, data: bytes, roles: Roles, memory: PhysicalMemory, depth: int
    ) -> Tree:
        if "TEXT" in roles.plain:
            return text_of(data.partition(b"\0")[0])
        size = max(array.element.size, 1)  # the guest's own may be structures of nothing
        parts = (data[at : at + size] for at in range(0, len(data), size))
        return [self.value(array.element, part, roles, memory, depth) for part in parts]

    def _follow(
        self, pointee: Pointee, address: int, count: int | None, memory: PhysicalMemory, depth: int
    ) -> Pointed:
        """What a pointer in a structure leads to."""
        tree = Pointed(pointee.direction, address=hex(address))
        try:
            if depth > MAX_DEPTH:
                raise Unreadable("too many pointers deep")
            if count is None:
                tree["points_to"] = self.read(pointee.type, address, memory, depth)
            else:
                tree["points_to"] = self._elements(pointee.type, address, count, memory, depth)
                if count > MAX_ELEMENTS:
                    tree["omitted"] = count - MAX_ELEMENTS
        except Unreadable as why:
            tree["unreadable"] = str(why)
        return tree

    def _elements(
        self, name: str, address: int, count: int, memory: PhysicalMemory, depth: int
    ) -> list[Tree]:
        """The array's elements; the last is ``{"unreadable": …}`` where memory ends first."""
        kind = self.types.type_named(name)
        if kind is None:
            raise Unreadable(f"no layout of struct {name} is known")
        try:
            data = memory.read(address, min(count, MAX_ELEMENTS) * kind.size)
        except Unreadable:
            return self._elements_one_by_one(kind, address, count, memory, depth)
        parts = (data[at : at + kind.size] for at in range(0, len(data), kind.size))
        return [self.value(kind, part, NO_ROLES, memory, depth) for part in parts]

    def _elements_one_by_one(
        self, kind: Type, address: int, count: int, memory: PhysicalMemory, depth: int
    ) -> list[Tree]:
        elements: list[Tree] = []
        for index in range(min(count, MAX_ELEMENTS)):
            at = address + index * kind.size & MASK64
            try:
                data = memory.read(at, kind.size)
            except Unreadable as why:
                if not elements:
                    raise
                return [*elements, {"address": hex(at), "unreadable": str(why)}]
            elements.append(self.value(kind, data, NO_ROLES, memory, depth))
        return elements


def bytes_of(types: Types, kind: Type, address: int, memory: PhysicalMemory) -> bytes:
    """No more than the ``kind`` at ``address`` says that it has."""
    rule = types.fields.sizes.get(kind.name) if isinstance(kind, Struct) else None
    ours = types.layouts.structs.get(kind.name) if rule else None
    if ours is None:
        return memory.read(address, kind.size)
    head = memory.read(address, extents.number_end(ours, rule))
    size = max(extents.reach(ours, rule, head), len(head))
    return memory.read(address, min(size, kind.size))


def flags(number: int, names: dict[int, str]) -> str:
    """``A|B|0x800``: each flag's name, and in hexadecimal what has none; ``0`` for none."""
    known = [(bit, name) for bit, name in names.items() if bit and number & bit == bit]
    rest = number
    for bit, _ in known:
        rest &= ~bit
    words = [name for _, name in known] + ([hex(rest)] if rest or not known else [])
    return "|".join(words)


def _count(struct: Struct, pointee: Pointee, whole: int) -> int | None:
    return None if pointee.count is None else field_value(struct, pointee.count, whole) or 0
