# SPDX-License-Identifier: BSD-3-Clause
"""Judges whether what stands below RSP survives the PUSH or CALL of the asm that makes the call.

A compiler keeps values there in functions that call nothing (the psABI's red zone), and sees
nothing of what an asm statement puts on the stack.
"""

from typing import Iterator

from acrn_trace.lint.findings import Found, Place
from acrn_trace.lint.flow_graph import ENTRY
from acrn_trace.lint.instructions import Slot
from acrn_trace.lint.origins import FRAME, Place as StackPlace

RED_ZONE = 128  # bytes
MAX_STEPS = 4096


def red_zone_findings(place: Place) -> Iterator[Found]:
    for load in _behind(place):
        slot = _below_stack(place, load)
        writer = slot and _overwriter(place, load, slot)
        if writer is not None:
            text = (
                f"{place.at(writer)} overwrites what {place.at(load)} reads after the call, below "
                "RSP: the asm must not use the stack, or the code needs -mno-red-zone"
            )
            yield Found("red-zone-overwritten", text)
            return


def _behind(place: Place) -> list[int]:
    """The instructions that can run after the call."""
    seen: set[int] = set()
    work = place.function.successors(place.number)
    while work and len(seen) < MAX_STEPS:
        number = work.pop()
        if number not in seen:
            seen.add(number)
            work += place.function.successors(number)
    return sorted(seen)


def _below_stack(place: Place, load: int) -> StackPlace | None:
    """Where in the red zone the instruction reads, if it does."""
    instruction = place.function.instruction(load)
    slot = instruction.memory
    if slot is None or slot.base not in FRAME or instruction.stores or not instruction.bases:
        return None
    where = place.origins.place(load, slot)
    stack = place.origins.place(load, Slot("rsp", 0, 8))
    if where is None or stack is None or where.frame != stack.frame:
        return None
    return where if stack.offset - RED_ZONE <= where.offset < stack.offset else None


def _overwriter(place: Place, load: int, slot: StackPlace) -> int | None:
    """The PUSH or CALL before the site that wrote there last, over something that was stored."""
    for writer in sorted(_writers(place, load, slot)):
        if ENTRY < writer < place.number and _is_implicit(place, writer):
            older = _writers(place, writer, slot)
            if any(one > ENTRY and not _is_implicit(place, one) for one in older):
                return writer
    return None


def _writers(place: Place, number: int, slot: StackPlace) -> set[int]:
    return place.origins.last_stores(number, slot) or set()


def _is_implicit(place: Place, number: int) -> bool:
    return place.is_call(number) or place.function.instruction(number).pushes
