# SPDX-License-Identifier: BSD-3-Clause
"""Judges whether R8 holds the call's number when VMCALL runs."""

from typing import Iterator

from acrn_trace.lint.findings import Found, Place
from acrn_trace.lint.flow_graph import ENTRY
from acrn_trace.lint.origins import KNOWN, LOST, UNSET, Value, loaded
from acrn_trace.lint.rule_convention import is_acrn

MAX_STUB = 8  # instructions
MAX_SUCCESSIONS = 32


def number_findings(place: Place) -> Iterator[Found]:
    """What is wrong with R8 at a site."""
    yield from _not_loaded(place)
    overwritten = list(_overwritten(place))
    yield from overwritten
    yield from _wrong_numbers(place, bool(overwritten))


def _not_loaded(place: Place) -> Iterator[Found]:
    lost = [value for value in place.r8 if value.kind == LOST]
    unset = any(value.kind == UNSET for value in place.r8)
    passed = ENTRY in (place.origins.definitions(place.number, "r8") or ())
    if not lost and not unset and not (passed and not _may_be_given(place)):
        return
    for value in lost:
        if loaded(place.origins.before(value.where, "r8"), "r8"):
            yield _between(place, value)
            return
    what = "it holds what memory happened to hold" if unset else "it holds what the caller left"
    if lost:
        what = f"it may hold what {place.left_by(lost[0])} left"
    if loaded(place.r8, "r8"):
        yield Found("r8-one-path", f"R8 is loaded on one way to this VMCALL only; else {what}")
    else:
        yield Found("r8-never-loaded", f"R8 is never loaded: {what}")


def _may_be_given(place: Place) -> bool:
    """Whether R8 may come from the caller on purpose."""
    given = place.functions.is_parameter(place.function, "r8")
    return bool(given) or given is None and _is_stub(place)


def _is_stub(place: Place) -> bool:
    """A function that loads nothing before its VMCALL is handed every register by its caller."""
    if place.number > MAX_STUB:
        return False
    function, before = place.function, range(place.number)
    return all(
        function.instruction(n).writes <= {"rsp", "rbp"} and not function.kind(n) for n in before
    )


def _between(place: Place, value: Value) -> Found:
    call = place.left_by(value)
    goal = place.function.goal(value.where)
    if place.callees.is_instrumentation(goal):
        text = f"instrumentation comes between the load of R8 and VMCALL, and may change R8: {call}"
        return Found("instrumentation-between", text)
    return Found("call-between", f"R8 is loaded, then {call} may change it before VMCALL")


def _overwritten(place: Place) -> Iterator[Found]:
    """A number was put in R8, and something else after it, with nobody to use the number."""
    for earlier, later in _successions(place):
        if not place.uses("r8", earlier, hypercalls=True) or _is_partial(place, later):
            text = f"{place.at(earlier)} loads R8 with a number, {place.at(later)} overwrites it"
            yield Found("r8-overwritten", text)
            return


def _successions(place: Place) -> Iterator[tuple[int, int]]:
    """Where R8 got a number, and the next that set it, for each that set R8 before VMCALL."""
    last = [n for n in place.definitions("r8") if not place.is_call(n)]
    if place.call_number is not None and is_acrn(place.call_number):
        return  # a number of ACRN's, in the table or not, is meant
    computed = any(_reads_r8(place, n) for n in last)
    work, seen = [n for n in last if not _is_number(place, n)], set()
    while work and len(seen) < MAX_SUCCESSIONS:
        later = work.pop()
        if later in seen:
            continue
        seen.add(later)
        for earlier in (place.origins.definitions(later, "r8") or set()) - {ENTRY}:
            if not place.is_call(earlier) and _is_number(place, earlier):
                yield earlier, later
            elif computed and place.is_call(earlier) or _reads_r8(place, later):
                work.append(earlier)


def _reads_r8(place: Place, number: int) -> bool:
    return not place.is_call(number) and "r8" in place.function.instruction(number).reads


def _is_partial(place: Place, number: int) -> bool:
    instruction = place.function.instruction(number)
    return instruction.maybe and instruction.formula is None


def _is_number(place: Place, definition: int) -> bool:
    """Whether the definition puts a number of the call table in R8."""
    values = place.origins.after(definition, "r8")
    return any(v.kind == KNOWN and place.table.numbered(v.number or 0) for v in values)


def _wrong_numbers(place: Place, overwritten: bool) -> Iterator[Found]:
    for value in sorted(place.r8, key=str):
        if value.kind != KNOWN or value.number is None:
            continue
        number = value.number
        if number >> 31 == (1 << 33) - 1 and place.table.numbered(number) is None:
            meant = place.table.call_name(number & 0xFFFF_FFFF)
            text = f"R8 is {number:#x}: {meant}, extended by its sign; ACRN's numbers have 32 bits"
            yield Found("number-sign-extended", text)
        elif value.wide is not None and value.wide != number:
            wide = f"{value.wide:#x} is cut to 32 bits on its way to R8"
            yield Found("number-truncated", f"{wide}, which then holds {number:#x}")
        elif place.table.numbered(number) is None and not overwritten:
            other = place.knowledge.explain(number)
            text = f"the call table has no {number:#x}" + (f": {other}" if other else "")
            yield Found("number-not-in-table", text)
