# SPDX-License-Identifier: BSD-3-Clause
"""Decodes a call's arguments: at its entry what goes in, at its return what came out."""

from dataclasses import dataclass, field
from typing import Sequence

from acrn_trace.guest.memory import NoMemory, PhysicalMemory, Unreadable, is_absent
from acrn_trace.tables.calls import Argument, Entry
from acrn_trace.tables.fields import Pointee
from acrn_trace.tables.layouts import Scalar, Struct
from acrn_trace.tables.types import Types, field_value
from acrn_trace.trace.field_changes import FieldChange, merge
from acrn_trace.trace.structures import Structures, Tree


@dataclass
class Decoded:
    """The trees of one call's arguments, by argument name."""

    shown: dict[str, Tree] = field(default_factory=dict)  # as the event has them
    before: dict[str, Tree] = field(default_factory=dict)  # of pointers read at entry, whole
    changes: list[FieldChange] = field(default_factory=list)


class ArgumentDecoder:
    """Decodes by the kinds in the call table and by the structures' layouts."""

    def __init__(self, types: Types) -> None:
        self._types, self._structures = types, Structures(types)

    def entered(self, entry: Entry, args: Sequence[int], memory: PhysicalMemory) -> Decoded:
        """All but what the hypervisor is about to write."""
        decoded = Decoded()
        for argument, register in zip(entry.arguments, args):
            pointee = self.pointee(entry, argument, args)
            if pointee is None:
                decoded.shown[argument.name] = self._value(argument, register)
            elif pointee.direction != "out":
                tree = self._read(pointee, register, memory)
                decoded.before[argument.name] = tree
                decoded.shown[argument.name] = self._inputs(pointee.type, tree)
        return decoded

    def returned(
        self,
        entry: Entry,
        args: Sequence[int],
        decoded: Decoded,
        failed: bool,
        memory: PhysicalMemory,
    ) -> None:
        """Add what the hypervisor wrote: outputs of a call that did not fail, and every change."""
        shown = {}
        for argument, register in zip(entry.arguments, args):
            pointee, name = self.pointee(entry, argument, args), argument.name
            if pointee is None:
                shown[name] = decoded.shown[name]
            elif pointee.direction == "out":
                shown[name] = hex(register) if failed else self._read(pointee, register, memory)
            else:
                shown[name] = self._merged(pointee, register, decoded, name, memory)
        decoded.shown = shown

    def _merged(
        self, pointee: Pointee, register: int, decoded: Decoded, name: str, memory: PhysicalMemory
    ) -> Tree:
        after = self._read(pointee, register, memory)
        changes: list[FieldChange] = []
        tree = merge(decoded.before[name], after, pointee.direction, changes)
        decoded.changes += changes
        return tree

    def _read(self, pointee: Pointee, address: int, memory: PhysicalMemory) -> Tree:
        try:
            return self._structures.read(pointee.type, address, memory)
        except Unreadable as why:
            return {"address": hex(address), "unreadable": str(why)}

    def absence(
        self, entry: Entry, name: str, args: Sequence[int], memory: PhysicalMemory
    ) -> str | None:
        """Why there is no memory where the argument points; None if there is, for all we see."""
        for argument, register in zip(entry.arguments, args):
            pointee = self.pointee(entry, argument, args)
            if argument.name == name and pointee:
                tree = self._read(pointee, register, memory)
                why = tree.get("unreadable", "") if isinstance(tree, dict) else ""
                return why if is_absent(why) else None
        return None

    def _inputs(self, struct: str, tree: Tree) -> Tree:
        """The tree without the fields that are the hypervisor's to write."""
        if not isinstance(tree, dict):
            return tree
        roles = self._types.fields
        return {key: v for key, v in tree.items() if "OUT" not in roles.of(struct, key).plain}

    def _value(self, argument: Argument, register: int) -> Tree:
        """A number, or a packed structure: what the hypervisor reads of the register."""
        number = register & ((1 << argument.bits) - 1)
        kind = self._types.type_named(argument.type or "")
        if argument.kind == "PACKED" and isinstance(kind, Struct):
            return self._structures.beginning(kind, number.to_bytes(8, "little"), NoMemory())
        enum = argument.type if argument.kind == "ENUM" else None
        return self._structures.scalar(Scalar(argument.bits // 8, enum=enum), number, argument.bits)

    def pointee(self, entry: Entry, argument: Argument, args: Sequence[int]) -> Pointee | None:
        """What the argument points at; None for a number and for an address of who knows what."""
        if argument.kind == "PTR":
            return Pointee(argument.direction, argument.type or "")
        selector, cases = self._types.fields.pointees.get((entry.name, argument.name), ("", {}))
        return cases.get(self._selected(entry, selector, args)) if cases else None

    def _selected(self, entry: Entry, selector: str, args: Sequence[int]) -> int | None:
        name, _, part = selector.partition(".")
        for argument, register in zip(entry.arguments, args):
            if argument.name == name:
                struct = self._types.type_named(argument.type or "")
                if isinstance(struct, Struct):
                    return field_value(struct, part, register)
                return register & (1 << argument.bits) - 1
        return None
