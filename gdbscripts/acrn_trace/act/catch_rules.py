# SPDX-License-Identifier: BSD-3-Clause
"""Compiles a catchpoint to the rules by which QEMU's plugin stops a guest without breakpoints.

A rule may ask for more calls than the catchpoint, which GDB then asks itself, but never for fewer.
"""

import re
from typing import Iterator

from acrn_trace.act.catch import CatchRequest
from acrn_trace.base.errors import TraceError
from acrn_trace.guest.abi import MASK64, abis
from acrn_trace.rings.plugin_stops import (
    FIRST_ARGUMENT,
    HOW,
    MAX_CONDITIONS,
    MAX_RULES,
    NUMBER,
    RESULT,
    VCPU,
    StopCondition,
    StopRule,
)
from acrn_trace.tables.call_selection import CallRange, CallSelection
from acrn_trace.tables.calls import CallTable

COMPILES = (
    "with 'set hypercall plugin' a condition is '$_hypercall_arg(N) == NUMBER', or of "
    "$_hypercall_nr or $_hypercall_ret, by ==, !=, <, <=, >, >=, or several of these with && "
    "between them"
)
_TERM = re.compile(
    r"\s*\$_hypercall_(?:(nr)|(ret)|arg\s*\(\s*([1-9])\s*\))\s*(==|!=|<=|>=|<|>)\s*"
    r"(-?(?:0[xX][0-9a-fA-F]+|0|[1-9][0-9]*))\s*"
)


def compiled(
    request: CatchRequest, condition: str | None, vcpu: int | None, table: CallTable
) -> list[StopRule]:
    """Its rules, by ``condition`` and ``vcpu`` as they are now; TraceError where none says that."""
    conditions = list(_conditions(condition)) if condition else []
    if vcpu is not None:
        conditions.append(StopCondition(VCPU, "==", vcpu))
    if len(conditions) > MAX_CONDITIONS:
        raise TraceError(f"that is more than {MAX_CONDITIONS} comparisons; {COMPILES}")
    rules = [
        StopRule(abi, request.at_return, first, last, tuple(conditions))
        for abi, first, last in _ranges(request.calls, table)
    ]
    if len(rules) > MAX_RULES:
        raise TraceError(
            f"{request.what} is {len(rules)} calls, and with 'set hypercall plugin' {MAX_RULES} "
            "are as many as can be caught; name fewer, or a class"
        )
    return rules


def wider(request: CatchRequest, table: CallTable) -> list[StopRule]:
    """Of one whose condition compiles not: each of its calls."""
    return compiled(request, None, None, table)


def _ranges(calls: CallSelection, table: CallTable) -> Iterator[tuple[int, int, int]]:
    """Row of abi.def, first and last number."""
    rows = {name: index for index, name in enumerate(abis())}
    if calls.everything or any(one.abi not in rows for one in calls.ranges):
        yield from ((index, 0, MASK64) for index in rows.values())
        return
    named = {CallRange.of(call.id) for call in table if calls.has_name(call.name)}
    for abi, first, last in sorted({*calls.ranges, *named}):
        yield rows[abi], first, last


def _conditions(text: str) -> Iterator[StopCondition]:
    for term in text.split("&&"):
        match = _TERM.fullmatch(term)
        if not match:
            raise TraceError(f"{term.strip()!r} cannot be tested in QEMU; {COMPILES}")
        is_number, is_result, argument, how, value = match.groups()
        what = NUMBER if is_number else RESULT
        if argument:
            what = FIRST_ARGUMENT + int(argument) - 1
        number = int(value, 0)
        if not is_result and number < 0:
            raise TraceError(f"{term.strip()!r}: arguments and numbers of calls are not negative")
        assert how in HOW
        yield StopCondition(what, how, number)
