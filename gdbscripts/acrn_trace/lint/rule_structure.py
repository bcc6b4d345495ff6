# SPDX-License-Identifier: BSD-3-Clause
"""Judges whether a call's structure is in memory when the hypervisor reads it.

Without a memory clobber a compiler may think that nobody reads what the code stores. What it leaves
out can be seen where the structure is in the caller's own stack frame: nothing is stored to it.
"""

from typing import Iterator

from acrn_trace.lint.findings import Found, Place
from acrn_trace.lint.instructions import Slot
from acrn_trace.lint.origins import FRAME, MOVED, STACK, Place as StackPlace, Value
from acrn_trace.tables.calls import Argument

UNIT = 1 << 20  # bytes: by multiples of them virtual addresses are moved to physical ones
RED_ZONE = 128  # bytes


def structure_findings(place: Place) -> Iterator[Found]:
    for register, argument in place.arguments:
        if argument.kind != "PTR" or argument.direction not in ("in", "inout"):
            continue
        where = _in_frame(place, register, argument)
        if where and not _may_be_written(place, where):
            text = (
                f"nothing is stored to the {argument.type} that {register.upper()} points to "
                "before the call reads it: memory is missing from the asm's clobbers"
            )
            yield Found("memory-not-written", text)


def _in_frame(place: Place, register: str, argument: Argument) -> StackPlace | None:
    values = place.before(register)
    kind = place.knowledge.types.type_named(argument.type or "")
    if len(values) != 1 or kind is None:
        return None
    value = next(iter(values))
    if value.kind == STACK and abs(value.place) < UNIT // 2:
        return StackPlace(value.where, value.place, kind.size)
    return _by_another_name(place, value, kind.size) if value.kind in (STACK, MOVED) else None


def _by_another_name(place: Place, value: Value, size: int) -> StackPlace | None:
    """Where a structure is whose physical address was made; None: it need not be in the frame."""
    offset = (value.place + UNIT // 2) % UNIT - UNIT // 2
    lowest = place.origins.place(place.number, Slot("rsp", 0, 8))
    inside = lowest and lowest.frame == value.where and offset >= lowest.offset - RED_ZONE
    return StackPlace(value.where, offset, size) if inside else None


def _may_be_written(place: Place, where: StackPlace) -> bool:
    """Whether anything that can run before the call may store there."""
    function, seen, work = place.function, set(), [place.number]
    if where.offset >= 0:
        return True  # above the frame: the caller's
    while work:
        for number in function.predecessors(work.pop()):
            if number in seen or number < 0:
                continue
            seen.add(number)
            work.append(number)
            if _writes(place, number, where):
                return True
    return False


def _writes(place: Place, number: int, where: StackPlace) -> bool:
    instruction = place.function.instruction(number)
    if place.function.kind(number) == "call":  # the address may have been passed on before
        goal = place.function.goal(number)
        return not place.callees.is_instrumentation(goal) or "mem" in place.callees.name(goal)
    if place.function.kind(number) == "hypercall":
        return True
    if not instruction.stores:
        return False
    slot = instruction.place
    if slot is None:
        return True
    stored = place.origins.place(number, slot) if slot.base in FRAME else None
    if stored is None:
        return slot.base != "rip"
    return stored.frame != where.frame or stored.overlaps(where)
