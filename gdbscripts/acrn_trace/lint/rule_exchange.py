# SPDX-License-Identifier: BSD-3-Clause
"""Judges the use of registers that a call may change besides its result: a switch of worlds.

What the other side leaves there is often meant (declared as outputs), so that a use takes evidence:
that the register held an address before, or that a call is made again with the same arguments.
"""

from typing import Iterator

from acrn_trace.guest.psabi import CALLER_SAVED
from acrn_trace.lint.findings import Found, Place
from acrn_trace.lint.origins import CALLERS, STACK


def exchange_findings(place: Place) -> Iterator[Found]:
    entry = place.entry
    changed = place.knowledge.results.may_change.get(entry.name, frozenset()) if entry else ()
    registers = sorted(set(changed) - {place.abi.result, "eflags"})
    for register in registers:
        used = [n for n in place.used_after(register) if _is_address(place, n, register)]
        if used and _was_address(place, register):
            text = (
                f"{place.at(used[0])} uses {register.upper()} as an address, and {entry.name} may "
                "change it"
            )
            yield Found("changed-register-used", text)
        elif register not in CALLER_SAVED and not _is_saved(place, register):
            text = (
                f"{entry.name} may change {register.upper()}, which the function has to keep and "
                "does not save"
            )
            yield Found("changed-register-used", text)
    yield from _passed_on(place, registers)


def _is_address(place: Place, number: int, register: str) -> bool:
    instruction = place.function.instruction(number)
    return register in instruction.bases and register not in instruction.scaled


def _was_address(place: Place, register: str) -> bool:
    """Whether what the register held before the call seems to be an address."""
    values = place.before(register)
    if any(v.kind == STACK or v.kind == CALLERS and v.register == register for v in values):
        return True
    used = (n for old in place.definitions(register) for n in place.uses(register, old))
    return any(n < place.number and _is_address(place, n, register) for n in used)


def _passed_on(place: Place, registers: list[str]) -> Iterator[Found]:
    """A call that is made again, with an argument as before, and with what the first one left."""
    for again in _next_calls(place, registers):
        if not any(_is_repeated(place, again, register) for register in registers):
            continue
        left = [r for r in registers if _was_passed(place, r) and again in _calls(place, r)]
        if left:
            names = " and ".join(register.upper() for register in left)
            text = (
                f"{place.at(again)} repeats {place.entry.name} with what it left in {names}, "
                "where the first call had arguments"
            )
            yield Found("changed-register-used", text)
            return


def _next_calls(place: Place, registers: list[str]) -> list[int]:
    """Calls of the same number that may be the next ones."""
    found = {n for register in registers for n in _calls(place, register)}
    return sorted(n for n in found if place.numbers == place.numbers_at(n))


def _calls(place: Place, register: str) -> list[int]:
    uses = place.uses(register, place.number, hypercalls=True)
    return [n for n in uses if place.function.kind(n) == "hypercall"]


def _is_repeated(place: Place, again: int, register: str) -> bool:
    """Whether the register is loaded anew with what the caller gave for the first call."""
    if again in _calls(place, register):
        return False
    values = place.origins.before(again, register)
    return values == place.before(register) and {v.kind for v in values} == {CALLERS}


def _was_passed(place: Place, register: str) -> bool:
    return any(value.kind == CALLERS for value in place.before(register))


def _is_saved(place: Place, register: str) -> bool:
    """Whether the function restores it somewhere: no path is looked at."""
    whole = range(len(place.function))
    return any(register in place.function.instruction(n).writes for n in whole)
