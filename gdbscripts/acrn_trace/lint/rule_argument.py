# SPDX-License-Identifier: BSD-3-Clause
"""Judges whether an argument's register has what the code put there, and all of it."""

from typing import Iterator

from acrn_trace.lint.findings import Found, Place
from acrn_trace.lint.origins import CALLERS, LOST, MOVED, STACK, UNSET
from acrn_trace.tables.calls import Argument

_OTHERS = (CALLERS, LOST, MOVED, STACK, UNSET)  # what is no part of a value that was set in part


def argument_findings(place: Place) -> Iterator[Found]:
    for register, argument in place.arguments:
        yield from _lost(place, register, argument)
        yield from _in_part(place, register, argument)


def _lost(place: Place, register: str, argument: Argument) -> Iterator[Found]:
    """None of an address that another argument may say that there is none of."""
    if argument.kind == "ADDR" and place.abi is not place.knowledge.abi:
        return
    for value in place.before(register):
        if value.kind == LOST and value.register == register:
            what = f"{register.upper()}, {argument.name} of {place.entry.name},"
            yield Found("argument-lost", f"{what} holds what {place.left_by(value)} left")
            return


def _in_part(place: Place, register: str, argument: Argument) -> Iterator[Found]:
    """The last thing that sets the register is narrower than what the hypervisor reads."""
    for number in place.definitions(register):
        instruction = place.function.instruction(number)
        if place.is_call(number) or not 0 < instruction.part < argument.bits:
            continue
        older = place.origins.before(number, register)
        anew = instruction.text.startswith(("mov", "set"))
        if anew and any(v.kind in _OTHERS for v in older):
            text = (
                f"{place.at(number)} sets {instruction.part} bits of {register.upper()}, and "
                f"{place.entry.name} reads {argument.bits} for {argument.name}: the others are "
                "what was there before"
            )
            left = (1 << argument.bits) - (1 << instruction.part)
            yield Found("argument-in-part", text, (register, left))
            return
