# SPDX-License-Identifier: BSD-3-Clause
"""Tells by the code around a call whether it is made by Microsoft's convention, as of UEFI.

Such a callee keeps RDI and RSI, is handed RCX, RDX, R8 and R9, and owns the 32 bytes that its
caller leaves above the return address (Microsoft: "x64 calling convention").
"""

from acrn_trace.guest.psabi import MICROSOFT_KEPT
from acrn_trace.lint.flow_graph import ENTRY, Function
from acrn_trace.lint.instructions import Instruction, Slot
from acrn_trace.lint.origins import FRAME, Origins, Place

HOME = 32  # bytes


def is_microsoft_call(flow: Function, origins: Origins, number: int) -> bool:
    """Whether an argument is in RCX, not all are where System V has them, and there is a home."""
    return (
        _is_set(flow, origins, number)
        and not MICROSOFT_KEPT <= _written_before(flow, number)
        and _has_home(flow, origins, number)
    )


def _is_set(flow: Function, origins: Origins, number: int) -> bool:
    found = origins.definitions(number, "rcx")
    return bool(found) and all(one != ENTRY and not flow.kind(one) for one in found)


def _written_before(flow: Function, number: int) -> set[str]:
    """The registers that are set for the call, on the straight way to it."""
    written: set[str] = set()
    while number and not flow.kind(number - 1):
        number -= 1
        written |= flow.instruction(number).writes
    return written


def _has_home(flow: Function, origins: Origins, number: int) -> bool:
    """Whether the frame ends in bytes that the function itself has no use for."""
    home = origins.place(number, Slot("rsp", 0, HOME))
    if home is None or home.frame != ENTRY or home.offset + HOME > 0:
        return False
    return not any(_touches(flow, origins, n, home) for n in range(len(flow)))


def _touches(flow: Function, origins: Origins, number: int, home: Place) -> bool:
    instruction = flow.instruction(number)
    slots = [slot for slot in _slots(instruction) if slot.base in FRAME]
    if not slots:
        return not instruction.bases.isdisjoint(FRAME)
    places = [origins.place(number, slot) for slot in slots]
    return any(place is None or place.overlaps(home) for place in places)


def _slots(instruction: Instruction) -> list[Slot]:
    return [slot for slot in (instruction.memory, instruction.place) if slot]
