# SPDX-License-Identifier: BSD-3-Clause
"""Judges whether code uses a value after the call that the call, or its asm, has lost."""

from typing import Iterable, Iterator

from acrn_trace.guest.psabi import PARAMETERS
from acrn_trace.lint.findings import Found, Place
from acrn_trace.lint.flow_graph import ENTRY
from acrn_trace.lint.instructions import Copy
from acrn_trace.lint.origins import KNOWN, LOST, RESULT, SOME


def value_findings(place: Place) -> Iterator[Found]:
    if place.register == place.abi.result:
        return  # what is there after the call is the result
    if not any(
        value.kind == SOME for value in place.loaded
    ):  # an asm statement is given its number
        yield from _lost_to_number(place)
        yield from _lost_in_rax(place)


def _lost_to_number(place: Place) -> Iterator[Found]:
    """The number replaced a value, and the code goes on as if that were still there."""
    used = [n for n in place.used_after(place.register) if not _means_the_number(place, n)]
    if not used:
        return
    name = place.register.upper()
    loads = [n for n in place.definitions(place.register) if not place.is_call(n)]
    for load in loads:
        older = (place.origins.definitions(load, place.register) or set()) - set(loads)
        if any(_was_wanted(place, old, load, used) for old in older):
            text = (
                f"{place.at(load)} replaces a value in {name} that {place.at(used[0])} still uses "
                f"after the call: {name} is missing from the asm's clobbers"
            )
            yield Found("r8-value-lost", text)
            return


def _means_the_number(place: Place, use: int) -> bool:
    """Whether the use makes another call's number of the one that the compiler knew was there."""
    instruction = place.function.instruction(use)
    if place.function.kind(use) or instruction.target is None:
        return False
    made = {
        value.number if value.kind == KNOWN else None
        for value in place.origins.after(use, instruction.target)
    }
    return None not in made and made <= place.next_numbers


def _was_wanted(place: Place, old: int, load: int, used: list[int]) -> bool:
    """Whether the later uses mean what ``old`` put in the register, not the number."""
    if any(old in _reaching(place, use, place.register) for use in used):
        return True
    if old == ENTRY:
        return _is_parameter(place, load, used)
    if place.is_call(old) or place.function.instruction(load).maybe:
        return False
    unused = not place.uses(place.register, old, hypercalls=True)
    return unused or (load + 1 == place.number and place.call_number is not None)


def _is_parameter(place: Place, load: int, used: list[int]) -> bool:
    """Whether the register seems to be a parameter of the function rather than the number.

    A caller is seen to load it; or the asm loads it right before the hypercall, where a register
    variable would be loaded elsewhere, and the code computes with it, or uses the parameter before
    as well.
    """
    if place.functions.is_parameter(place.function, place.register):
        return True
    if load + 1 != place.number or place.call_number is None:
        return False
    before = PARAMETERS[: PARAMETERS.index(place.register)] if place.register in PARAMETERS else ()
    is_used = bool(before) and place.callees.reads(place.function.address(0), before[-1])
    return is_used or any(_computes(place, use) for use in used)


def _computes(place: Place, use: int) -> bool:
    """Whether the instruction does more with the register than to pass it on."""
    instruction = place.function.instruction(use)
    copies = isinstance(instruction.formula, Copy) or isinstance(instruction.stored, Copy)
    return not copies and not place.function.kind(use)


def _reaching(place: Place, number: int, register: str) -> Iterable[int]:
    return place.origins.definitions(number, register) or ()


def _lost_in_rax(place: Place) -> Iterator[Found]:
    """RAX is the result: a value from before that somebody meant to find there is gone."""
    used = place.used_after("rax")
    pointer = [n for n in used if "rax" in place.function.instruction(n).bases]
    for old in place.definitions("rax") if used else ():
        if not pointer and not _is_for_later(place, old):
            continue
        values = place.origins.after(old, "rax")
        if all(value.kind in (KNOWN, RESULT, LOST) for value in values):
            continue
        use = place.at((pointer or used)[0])
        text = f"{use} uses what {place.at(old)} put in RAX, but RAX is the call's result by then"
        yield Found("rax-value-lost", text)
        return


def _is_for_later(place: Place, old: int) -> bool:
    """Whether nobody uses what an instruction puts in RAX before the call takes RAX."""
    instruction = place.function.instruction(old)
    if place.is_call(old) or instruction.maybe or instruction.target != "rax":
        return False
    if instruction.text.startswith("mov") and "[" in instruction.text:
        return False  # volatile memory is read for nothing
    return not place.uses("rax", old)
