# SPDX-License-Identifier: BSD-3-Clause
"""Judges whether a call's structure is in memory when the hypervisor reads it.

Without a memory clobber a compiler may think that nobody reads what the code stores. What it leaves
out can be seen where the structure is in the caller's own stack frame: nothing is stored to it.
"""

from typing import Iterator

from acrn_trace.lint.findings import Found, Place
from acrn_trace.lint.origins import FRAME, Place as StackPlace, STACK
from acrn_trace.tables.calls import Argument


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
    return StackPlace(value.where, value.place, kind.size) if value.kind == STACK else None


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
