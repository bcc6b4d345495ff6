# SPDX-License-Identifier: BSD-3-Clause
"""Tells what an argument of a call points at, and reads no more of a structure than it has."""

from typing import Sequence

from acrn_trace.guest.memory import PhysicalMemory
from acrn_trace.tables import extents
from acrn_trace.tables.calls import Argument, Entry
from acrn_trace.tables.fields import ANY, REGISTERS, Pointee
from acrn_trace.tables.layouts import Struct, Type
from acrn_trace.tables.types import Types, field_value


def pointee_of(
    types: Types, entry: Entry, argument: Argument, args: Sequence[int]
) -> Pointee | None:
    """What the argument points at; None for a number and for an address of who knows what."""
    if argument.kind == "PTR":
        return Pointee(argument.direction, argument.type or "")
    selector, cases = types.fields.pointees.get((entry.name, argument.name), ("", {}))
    found = cases.get(_selected(types, entry, selector, args)) if cases else None
    return None if found and found.direction == REGISTERS else found


def _selected(types: Types, entry: Entry, selector: str, args: Sequence[int]) -> int | None:
    if selector == ANY:
        return 0
    name, _, part = selector.partition(".")
    for argument, register in zip(entry.arguments, args):
        if argument.name == name:
            struct = types.type_named(argument.type or "")
            if isinstance(struct, Struct):
                return field_value(struct, part, register)
            return register & (1 << argument.bits) - 1
    return None


def bytes_of(types: Types, kind: Type, address: int, memory: PhysicalMemory) -> bytes:
    """No more than the ``kind`` at ``address`` says that it has."""
    rule = types.fields.sizes.get(kind.name) if isinstance(kind, Struct) else None
    ours = types.layouts.structs.get(kind.name) if rule else None
    if ours is None:
        return memory.read(address, kind.size)
    head = memory.read(address, extents.number_end(ours, rule))
    size = max(extents.reach(ours, rule, head), len(head))
    return memory.read(address, min(size, kind.size))
