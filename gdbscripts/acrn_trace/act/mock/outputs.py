# SPDX-License-Identifier: BSD-3-Clause
"""Turns a recorded call's decoded arguments back to the bytes that the hypervisor wrote.

An ``out`` argument is written as a whole. Of the others what changed is: the ``out`` of each
``{"in": …, "out": …}``. Addresses are those that the guest gives now, not the recorded ones.
What a recording of rings lacks of structures is known here as well: it has their addresses instead.
"""

from dataclasses import dataclass
from typing import Any, Iterator

from acrn_trace.files.comparable import ADDRESS
from acrn_trace.guest.abi import MASK64
from acrn_trace.guest.memory import PhysicalMemory
from acrn_trace.tables.calls import Entry
from acrn_trace.tables.fields import FieldTable
from acrn_trace.tables.layouts import Array, Field, Scalar, Struct, Type
from acrn_trace.tables.pointees import pointee_of
from acrn_trace.tables.types import Types, field_value
from acrn_trace.trace.event import Event
from acrn_trace.trace.trees import MAX_DEPTH, REDACTED, Tree, is_change


class NotRebuilt(Exception):
    """Why a tree is no value of its type, as the end of a sentence."""


@dataclass
class Outputs:
    """Rebuilds outputs; ``memory`` is what they are written over."""

    types: Types
    memory: PhysicalMemory

    def writes(
        self, entry: Entry, recorded: Event, args: tuple[int, ...], now: dict[str, Tree]
    ) -> list[tuple[int, bytes]]:
        """(address, bytes) of all that the call wrote; ``now`` is what the guest passes now."""
        found: list[tuple[int, bytes]] = []
        for argument, register in zip(entry.arguments, args):
            pointee = pointee_of(self.types, entry, argument, args)
            tree = recorded.decoded.get(argument.name)
            if pointee is None or not _is_known(tree):
                continue
            kind = self._kind(pointee.type)
            if pointee.direction == "out":
                found.append((register, self._whole(kind, tree, register)))
            else:
                found += self._changes(kind, tree, register, now.get(argument.name), 0)
        return found

    def _kind(self, name: str) -> Type:
        kind = self.types.type_named(name)
        if kind is None:
            raise NotRebuilt(f"no layout of struct {name} is known")
        return kind

    def _whole(self, kind: Type, tree: Tree, address: int) -> bytes:
        """The bytes of ``tree``, over what is there: what the trace leaves out is left alone."""
        return self._encode(kind, tree, self.memory.read(address, kind.size))

    def _changes(
        self, kind: Type, tree: Tree, address: int, now: Tree, depth: int
    ) -> Iterator[tuple[int, bytes]]:
        """The writes of what changed in the ``kind`` at ``address``."""
        if is_change(tree):
            yield address, self._whole(kind, tree["out"], address)
        elif isinstance(kind, Struct) and isinstance(tree, dict):
            for member in kind.fields:
                if member.name in tree and depth <= MAX_DEPTH:
                    part = now.get(member.name) if isinstance(now, dict) else None
                    yield from self._field(kind, member, tree[member.name], address, part, depth)
        elif isinstance(kind, Array) and isinstance(tree, list):
            yield from self._elements(kind.element, tree, address, now, depth)

    def _field(
        self, struct: Struct, member: Field, tree: Tree, address: int, now: Tree, depth: int
    ) -> Iterator[tuple[int, bytes]]:
        start = address + member.bit_offset // 8
        pointee = self.types.fields.of(struct.name, member.name).pointee
        if is_change(tree):
            size = (member.bit_offset % 8 + member.bit_size + 7) // 8
            part = Field(member.name, member.bit_offset % 8, member.bit_size, member.type)
            inner = Struct(struct.name, size, (part,))
            yield start, self._encode(
                inner, {member.name: tree["out"]}, self.memory.read(start, size)
            )
        elif pointee and isinstance(tree, dict) and "points_to" in tree:
            there = now if isinstance(now, dict) and "points_to" in now else tree
            target, kind = int(there["address"], 16), self._kind(pointee.type)
            inside, inside_now = tree["points_to"], there["points_to"]
            if pointee.count is None:
                yield from self._changes(kind, inside, target, inside_now, depth + 1)
            elif isinstance(inside, list):
                yield from self._elements(kind, inside, target, inside_now, depth + 1)
        elif not pointee:
            yield from self._changes(member.type, tree, start, now, depth + 1)

    def _elements(
        self, kind: Type, trees: list[Tree], address: int, now: Tree, depth: int
    ) -> Iterator[tuple[int, bytes]]:
        for index, tree in enumerate(trees):
            part = now[index] if isinstance(now, list) and index < len(now) else None
            yield from self._changes(kind, tree, address + index * kind.size, part, depth)

    def _encode(self, kind: Type, tree: Tree, data: bytes, text: bool = False) -> bytes:
        if isinstance(kind, Struct):
            return self._encode_struct(kind, tree, data)
        if isinstance(kind, Array):
            return self._encode_array(kind, tree, data, text)
        return (self.number(kind, tree) & (1 << kind.size * 8) - 1).to_bytes(kind.size, "little")

    def _encode_struct(self, struct: Struct, tree: Tree, data: bytes) -> bytes:
        if isinstance(tree, str):  # a union of which nobody knows the member
            return _bytes(tree, struct.size)
        if not isinstance(tree, dict):
            raise NotRebuilt(f"a {struct.name} is recorded as {tree!r:.40}")
        whole = int.from_bytes(data, "little")
        for member in struct.fields:
            roles = self.types.fields.of(struct.name, member.name)
            if member.name not in tree and "RESERVED" not in roles.plain:
                continue
            part = tree.get(member.name, 0)
            if part == REDACTED:
                continue
            raw = field_value(struct, member.name, whole) or 0
            old = raw.to_bytes((member.bit_size + 7) // 8, "little")
            new = int.from_bytes(
                self._encode_field(member, part, old, "TEXT" in roles.plain), "little"
            )
            mask = (1 << member.bit_size) - 1
            whole = whole & ~(mask << member.bit_offset) | (new & mask) << member.bit_offset
        return whole.to_bytes(struct.size, "little")

    def _encode_field(self, member: Field, tree: Tree, old: bytes, text: bool) -> bytes:
        if isinstance(tree, dict) and "address" in tree and isinstance(member.type, Scalar):
            tree = tree["address"]
        if tree == 0 and not isinstance(member.type, Scalar):
            return bytes(len(old))  # a reserved array that is not in the tree
        return self._encode(member.type, tree, old, text)

    def _encode_array(self, kind: Array, tree: Tree, data: bytes, text: bool) -> bytes:
        if text and isinstance(tree, str):
            characters = tree.encode("utf-8", "replace")[: kind.size]
            return characters.ljust(kind.size, b"\0")
        if not isinstance(tree, list) or len(tree) > kind.count:
            raise NotRebuilt(f"an array of {kind.count} is recorded as {tree!r:.40}")
        size = kind.element.size
        parts = (data[at : at + size] for at in range(0, len(data), size))
        new = b"".join(self._encode(kind.element, one, part) for one, part in zip(tree, parts))
        return new + data[len(new) :]

    def number(self, kind: Scalar, tree: Tree) -> int:
        """The inverse of Structures.scalar."""
        if isinstance(tree, int):
            return tree
        names = self.types.layouts.enums.get(kind.enum or "", {})
        values = {name: value for value, name in names.items()}
        number = 0
        for word in str(tree).split("|"):
            if word in values:
                number |= values[word]
                continue
            try:
                number |= int(word, 16)
            except ValueError:
                raise NotRebuilt(f"{word[:40]!r} is no {kind.enum or 'number'}") from None
        return number & MASK64


def inputs(tree: Tree) -> Tree:
    """``tree`` as it was when the call was made: the ``in`` of each change."""
    if is_change(tree):
        return tree["in"]
    if isinstance(tree, dict):
        return {key: inputs(value) for key, value in tree.items()}
    if isinstance(tree, list):
        return [inputs(value) for value in tree]
    return tree


def _is_known(tree: Any) -> bool:
    """Whether the trace has what is behind a pointer, not its address or why nothing is there."""
    return isinstance(tree, (dict, list, int)) and not (
        isinstance(tree, dict) and "unreadable" in tree
    )


def _bytes(text: str, size: int) -> bytes:
    try:
        data = bytes.fromhex(text)
    except ValueError:
        data = b""
    if len(data) != size:
        raise NotRebuilt(f"{text[:40]!r} is not {size} bytes")
    return data


def is_unrecorded(was: Tree, now: Tree) -> bool:
    """Whether the guest's value ``now`` has nothing in the recording to be compared with."""
    if was is None or "(unreadable)" in (was, now):  # of a structure its first bytes, perhaps
        return True
    is_address = isinstance(was, str) and (was == ADDRESS or was.startswith("0x"))
    return is_address and isinstance(now, (dict, list))


def lacks_outputs(entry: Entry | None, event: Event, fields: FieldTable) -> bool:
    """Whether the call may have written to memory that was not recorded."""
    if entry is None or event.failed or event.source != "ring":
        return False
    return any(isinstance(tree, str) for tree in _written(entry, event.decoded, fields))


def _written(entry: Entry, decoded: dict[str, Tree], fields: FieldTable) -> Iterator[Tree]:
    """What stands for structures that the call writes: arguments, and what their fields lead to."""
    for argument in entry.arguments:
        tree = decoded.get(argument.name)
        if not argument.is_pointer:
            continue
        if argument.direction != "in":
            yield tree
        for name, value in tree.items() if isinstance(tree, dict) else ():
            pointee = fields.of(argument.type or "", name).pointee
            if pointee and pointee.direction != "in" and value != "0x0":
                yield value
