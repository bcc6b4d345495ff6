# SPDX-License-Identifier: BSD-3-Clause
"""Judges whether a hypercall's register has the call's number when it is made."""

from typing import Iterator

from acrn_trace.lint.findings import Found, Place
from acrn_trace.lint.flow_graph import ENTRY
from acrn_trace.lint.origins import KNOWN, LOST, UNSET, Value, loaded

MAX_SUCCESSIONS = 32
IN_32_BITS = Found(
    "r8-never-loaded",
    "R8 is never loaded: 32-bit code, which this is, has no R8; ACRN takes what was there before",
)


def number_findings(place: Place) -> Iterator[Found]:
    """What is wrong with the number at a site."""
    yield from _not_loaded(place)
    overwritten = list(_overwritten(place))
    yield from overwritten
    yield from _wrong_numbers(place, bool(overwritten))


def _not_loaded(place: Place) -> Iterator[Found]:
    lost = [value for value in place.loaded if value.kind == LOST]
    unset = any(value.kind == UNSET for value in place.loaded)
    passed = ENTRY in (place.origins.definitions(place.number, place.register) or ())
    if not lost and not unset and not (passed and not _may_be_given(place)):
        return
    for value in lost:
        if loaded(place.origins.before(value.where, place.register), place.register):
            yield _between(place, value)
            return
    name = place.register.upper()
    what = "it holds what memory happened to hold" if unset else "it holds what the caller left"
    if lost:
        what = f"it may hold what {place.left_by(lost[0])} left"
    if loaded(place.loaded, place.register):
        yield Found(
            "r8-one-path",
            f"{name} is loaded on one way to this {place.abi.mnemonic} only; else {what}",
        )
    else:
        yield Found("r8-never-loaded", f"{name} is never loaded: {what}")


def _may_be_given(place: Place) -> bool:
    """Whether the number may come from the caller on purpose."""
    given = place.functions.is_parameter(place.function, place.register)
    return bool(given) or given is None and place.is_stub


def _between(place: Place, value: Value) -> Found:
    name, instruction, call = place.register.upper(), place.abi.mnemonic, place.left_by(value)
    goal = place.function.goal(value.where)
    if place.callees.is_instrumentation(goal):
        text = (
            f"instrumentation comes between the load of {name} and {instruction}, and may change "
            f"{name}: {call}"
        )
        return Found("instrumentation-between", text)
    text = f"{name} is loaded, then {call} may change it before {instruction}"
    return Found("call-between", text)


def _overwritten(place: Place) -> Iterator[Found]:
    """A number was loaded, and something else after it, with nobody to use the number."""
    for earlier, later in _successions(place):
        if not place.uses(place.register, earlier, hypercalls=True) or _is_partial(place, later):
            name = place.register.upper()
            text = (
                f"{place.at(earlier)} loads {name} with a number, {place.at(later)} overwrites it"
            )
            yield Found("r8-overwritten", text)
            return


def _successions(place: Place) -> Iterator[tuple[int, int]]:
    """Where a number was loaded, and the next load, for each load that reaches the hypercall."""
    last = [n for n in place.definitions(place.register) if not place.is_call(n)]
    if place.call_number is not None and place.abi.has_number(place.call_number):
        return  # a number of ACRN's, in the table or not, is meant
    computed = any(_reads_register(place, n) for n in last)
    work, seen = [n for n in last if not _is_number(place, n)], set()
    while work and len(seen) < MAX_SUCCESSIONS:
        later = work.pop()
        if later in seen:
            continue
        seen.add(later)
        for earlier in (place.origins.definitions(later, place.register) or set()) - {ENTRY}:
            if not place.is_call(earlier) and _is_number(place, earlier):
                yield earlier, later
            elif computed and place.is_call(earlier) or _reads_register(place, later):
                work.append(earlier)


def _reads_register(place: Place, number: int) -> bool:
    return not place.is_call(number) and place.register in place.function.instruction(number).reads


def _is_partial(place: Place, number: int) -> bool:
    instruction = place.function.instruction(number)
    return instruction.maybe and instruction.formula is None


def _is_number(place: Place, definition: int) -> bool:
    """Whether the definition loads a number of the call table."""
    values = place.origins.after(definition, place.register)
    return any(v.kind == KNOWN and place.entry_of(v.number or 0) for v in values)


def _wrong_numbers(place: Place, overwritten: bool) -> Iterator[Found]:
    name = place.register.upper()
    for value in sorted(place.loaded, key=str):
        if value.kind != KNOWN or value.number is None:
            continue
        number = value.number
        if number >> 31 == (1 << 33) - 1 and place.entry_of(number) is None:
            meant = place.table.call_name(number & 0xFFFF_FFFF, place.abi.name)
            whose = place.abi.name.upper()
            text = (
                f"{name} is {number:#x}: {meant}, extended by its sign; {whose}'s numbers have 32 "
                "bits"
            )
            yield Found("number-sign-extended", text)
        elif value.wide is not None and value.wide != number:
            wide = f"{value.wide:#x} is cut to 32 bits on its way to {name}"
            yield Found("number-truncated", f"{wide}, which then holds {number:#x}")
        elif place.entry_of(number) is None and not overwritten:
            is_main = place.abi is place.knowledge.abi
            other = place.knowledge.explain(number) if is_main else None
            text = f"the call table has no {number:#x}" + (f": {other}" if other else "")
            yield Found("number-not-in-table", text)
