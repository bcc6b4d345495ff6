# SPDX-License-Identifier: BSD-3-Clause
"""Builds argument structures from what a user wrote: the inverse of ``structures``.

A structure, and what its pointers lead to, gets room in a page of the guest's. What does not fit
its field, or is no field, is a TraceError that names the path, ``vm.cpu_affinity``.
"""

import functools
import operator
import re
from dataclasses import dataclass, field
from typing import Callable

from acrn_trace.act.call.parse import KINDS, Characters, Elements, Expression, Fields, Node
from acrn_trace.base.errors import TraceError
from acrn_trace.base.suggest import suggest_inside
from acrn_trace.tables.fields import NO_ROLES, Pointee, Roles
from acrn_trace.tables.layouts import Array, Field, Scalar, Struct, Type
from acrn_trace.tables.types import Types

MAX_COUNTED = 4096  # elements behind a pointer whose place is looked at
_SHORT = 60  # characters of what the user wrote, in a message

# What the user wrote, and how many bytes are read or written there if it is an address.
Evaluate = Callable[[str, int], int]


@dataclass
class Room:
    """Guest memory to build in, ``size`` bytes from guest-physical address ``physical`` on."""

    physical: int
    size: int
    parts: list[tuple[int, bytes]] = field(default_factory=list)  # offset, bytes
    used: int = 0

    def place(self, data: bytes, what: str) -> int:
        """Keep ``data`` and return its guest-physical address; TraceError if there is no room."""
        offset = -(-self.used // 8) * 8
        if offset + len(data) > self.size:
            raise TraceError(
                f"{what} needs {len(data)} bytes, and the page that the guest reserves has "
                f"{max(self.size - offset, 0)} left; give the address of memory of the guest's own"
            )
        self.used = offset + len(data)
        self.parts.append((offset, data))
        return self.physical + offset


@dataclass
class Builder:
    """Builds by ``structures``; ``evaluate`` is asked for expressions that are no plain number.

    ``room`` is None where the guest reserves no memory: then only addresses can be given.
    """

    types: Types
    evaluate: Evaluate
    room: Room | None

    def number(self, node: Node, kind: Scalar, bits: int, path: str, extent: int = 1) -> int:
        """The unsigned number of so many ``bits`` that the user means.

        ``extent``: bytes that the hypervisor takes or leaves there, if it is an address.
        """
        if not isinstance(node, Expression):
            raise TraceError(f"{path} is a number, and was given {KINDS[type(node)]}")
        value = self._evaluated(node.text, kind, path, extent)
        low = -(1 << bits - 1) if kind.signed else 0
        high = (1 << bits - kind.signed) - 1
        if not low <= value <= high:
            raise TraceError(
                f"{path} has {bits} bits, {low} to {high:#x}, and was given {_short(node.text)}"
            )
        return value & (1 << bits) - 1

    def pointer(self, pointee: Pointee, node: Node, path: str) -> int:
        """The guest-physical address that a number is, or of the structure that is built."""
        if isinstance(node, Expression):
            return self.number(node, Scalar(8), 64, path, self._extent(pointee, {}))
        kind = self.type_of(pointee, path)
        return self.place(self.data(kind, node, NO_ROLES, path), path)

    def empty(self, pointee: Pointee, path: str) -> int:
        """The address of room for what the hypervisor will write."""
        return self.place(bytes(self.type_of(pointee, path).size), path)

    def place(self, data: bytes, path: str) -> int:
        if self.room is None:
            raise TraceError(
                f"the guest reserves no memory to build {path} in; link cstub/src/scratch.S into "
                "it, or give a guest-physical address"
            )
        return self.room.place(data, path)

    def type_of(self, pointee: Pointee, path: str) -> Type:
        kind = self.types.type_named(pointee.type)
        if kind is None:
            raise TraceError(f"no layout of struct {pointee.type} is known, which {path} points at")
        return kind

    def data(self, kind: Type, node: Node, roles: Roles, path: str) -> bytes:
        """The bytes of a ``kind``."""
        return self._raw(kind, node, roles, kind.size * 8, path).to_bytes(kind.size, "little")

    def _raw(self, kind: Type, node: Node, roles: Roles, bits: int, path: str) -> int:
        if isinstance(kind, Scalar):
            return self.number(node, kind, bits, path)
        if isinstance(kind, Array):
            return int.from_bytes(self._array(kind, node, roles, path), "little")
        if kind.is_union and isinstance(node, Expression) and _is_bytes(node.text, kind.size):
            return int.from_bytes(bytes.fromhex(node.text), "little")
        if not isinstance(node, Fields):
            raise TraceError(
                f"{path} is a struct {kind.name or '(unnamed)'}, {{field=value, …}}, and was given "
                f"{KINDS[type(node)]}"
            )
        return self._struct(kind, node, path)

    def _struct(self, struct: Struct, node: Fields, path: str) -> int:
        struct = self._of_given_size(struct, node, path)
        known = {member.name: member for member in struct.fields}
        values = dict(node.values)
        for name in values:
            if name not in known:
                raise TraceError(
                    f"{path} has no field {name!r}{suggest_inside(name, known)}; "
                    f"struct {struct.name} has {_listed(known)}"
                )
        if struct.is_union and len(values) > 1:
            raise TraceError(f"{path} is a union: give one of its members, not {_listed(values)}")
        self._imply(struct, values)
        whole = 0
        for name, value in values.items():
            member = known[name]
            raw = self._field(struct, member, values, f"{path}.{name}")
            whole |= raw << member.bit_offset
        return whole

    def _of_given_size(self, struct: Struct, node: Fields, path: str) -> Struct:
        """The layout of the size that the user says the structure has, if it has another for it."""
        number, array = self.types.says_size(struct) or ("", "")
        if array or number not in node.values:
            return struct
        said = self.number(node.values[number], Scalar(8), 64, f"{path}.{number}")
        return self.types.with_size(struct, said)

    def _imply(self, struct: Struct, values: dict[str, Node]) -> None:
        """Fill in what follows from what was given: a size, a list's count, a union's selector."""
        number, array = self.types.says_size(struct) or ("", "")
        listed = values.get(array)
        if isinstance(listed, Elements):
            values.setdefault(number, Expression(str(len(listed.values))))
        elif number and not array:
            values.setdefault(number, Expression(str(struct.size)))
        for name, value in list(values.items()):
            pointee = self.types.fields.of(struct.name, name).pointee
            if pointee and pointee.count and isinstance(value, Elements):
                values.setdefault(pointee.count, Expression(str(len(value.values))))
            selector, cases = self.types.fields.cases.get((struct.name, name), ("", {}))
            if isinstance(value, Fields) and selector:
                chosen = [number for number, member in cases.items() if member in value.values]
                if chosen and selector not in values:
                    values[selector] = Expression(str(chosen[0]))

    def _field(self, struct: Struct, member: Field, values: dict[str, Node], path: str) -> int:
        node = values[member.name]
        roles = self.types.fields.of(struct.name, member.name)
        if roles.pointee and isinstance(node, Elements):
            return self._elements(roles.pointee, node, path)
        if roles.pointee and isinstance(node, Fields):
            return self.pointer(roles.pointee, node, path)
        if roles.pointee and isinstance(member.type, Scalar):
            extent = self._extent(roles.pointee, values)
            return self.number(node, member.type, member.bit_size, path, extent)
        return self._raw(member.type, node, roles, member.bit_size, path)

    def _extent(self, pointee: Pointee, values: dict[str, Node]) -> int:
        """The bytes of what a pointer leads to, of as many as are said, if known."""
        kind, count = self.types.type_named(pointee.type), values.get(pointee.count or "")
        number = _known(count.text, {}) if isinstance(count, Expression) else None
        return (kind.size if kind else 1) * min(max(number or 1, 1), MAX_COUNTED)

    def _elements(self, pointee: Pointee, node: Elements, path: str) -> int:
        """The address of an array of as many as were given."""
        kind = self.type_of(pointee, path)
        parts = enumerate(node.values)
        data = b"".join(self.data(kind, part, NO_ROLES, f"{path}[{at}]") for at, part in parts)
        return self.place(data, path)

    def _array(self, array: Array, node: Node, roles: Roles, path: str) -> bytes:
        if isinstance(node, Characters):
            return _characters(array, node, path, "TEXT" in roles.plain)
        if not isinstance(node, Elements):
            raise TraceError(
                f"{path} is a list of {array.count}, [value, …], and was given {KINDS[type(node)]}"
            )
        if len(node.values) > array.count:
            raise TraceError(f"{path} has {array.count} elements, and was given {len(node.values)}")
        parts = enumerate(node.values)
        element = array.element
        data = b"".join(self.data(element, part, roles, f"{path}[{at}]") for at, part in parts)
        return data.ljust(array.size, b"\0")

    def _evaluated(self, text: str, kind: Scalar, path: str, extent: int) -> int:
        names = {name: number for number, name in self._names(kind).items()}
        parts = [_known(word.strip(), names) for word in text.split("|")]
        if None not in parts:
            return functools.reduce(operator.or_, parts)
        try:
            return self.evaluate(text, extent)
        except TraceError as error:
            raise TraceError(
                f"{path}={_short(text)}: {error}{suggest_inside(text, names)}"
            ) from None

    def _names(self, kind: Scalar) -> dict[int, str]:
        return self.types.layouts.enums.get(kind.enum, {}) if kind.enum else {}


def _characters(array: Array, node: Characters, path: str, is_text: bool) -> bytes:
    data = node.text.encode("utf-8")
    if array.element.size != 1 or not is_text:
        raise TraceError(
            f"{path} is a list of {array.count} numbers, [value, …], and was given text"
        )
    if len(data) > array.size:
        raise TraceError(f"{path} holds {array.size} bytes of text, and was given {len(data)}")
    return data.ljust(array.size, b"\0")


def _is_bytes(text: str, size: int) -> bool:
    """Whether it is what a union is shown as of which no field says the member."""
    return re.fullmatch("[0-9a-f]{%d}" % (2 * size), text) is not None


def _known(word: str, names: dict[str, int]) -> int | None:
    """The number that a word of a table, or a plain number, stands for."""
    if word in names:
        return names[word]
    try:
        return int(word, 0)
    except ValueError:
        return None


def _listed(names) -> str:
    return ", ".join(name for name in names if name)


def _short(text: str) -> str:
    return text if len(text) <= _SHORT else text[:_SHORT] + "..."
