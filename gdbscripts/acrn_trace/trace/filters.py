# SPDX-License-Identifier: BSD-3-Clause
"""Selects calls as ``-e`` says, in strace's forms: ``trace=a,b``, ``status=failed``, ``vcpu=0`` ….

Some of it is known when a call is made, some only when it is back: a condition answers True, False,
or None for "not yet".
"""

from typing import Any, Callable, Collection, Iterable, Iterator

from acrn_trace.base.errors import TraceError
from acrn_trace.base.suggest import suggest
from acrn_trace.tables.call_selection import select_calls
from acrn_trace.tables.calls import CallTable
from acrn_trace.trace.event import Event

Condition = Callable[[Event], "bool | None"]

FORMS = "trace=CALL,…, trace=!CALL,…, status=failed|successful|unfinished, vcpu=N,…, site=SYMBOL,…"


class Filter:
    """The conjunction of the ``-e`` expressions given; none selects every call."""

    def __init__(self, expressions: Iterable[str], table: CallTable) -> None:
        self._one_of: list[_OneOf] = []
        self._conditions = [self._condition(text, table) for text in expressions]
        self._asked = False

    def verdict(self, event: Event) -> bool | None:
        """Whether to show ``event``: None while that depends on how the call ends."""
        self._asked = True
        answers = [condition(event) for condition in self._conditions]
        if False in answers:
            return False
        return None if None in answers else True

    def final_verdict(self, event: Event) -> bool:
        """The verdict on a call that is over, if only because the guest is."""
        return self.verdict(event) is True

    def remarks(self) -> Iterator[str]:
        """What no call was made on or at, though there were calls: the user may have mistyped."""
        for condition in self._one_of if self._asked else ():
            yield from condition.remarks()

    def check_sites(self, functions: Callable[[], Collection[str | None]]) -> None:
        """TraceError for a site= that no site can be: ``functions`` gives those that have some."""
        for condition in self._one_of:
            if condition.key == "site":
                condition.check({name for name in functions() if name})

    def _condition(self, expression: str, table: CallTable) -> Condition:
        key, equals, text = expression.partition("=")
        if not equals:
            key, text = "trace", expression  # strace: a bare list is trace=
        negated = text.startswith("!")
        values = [value for value in text.removeprefix("!").split(",") if value]
        if key not in _BUILDERS or not values:
            raise TraceError(f"-e {expression}: not a filter; the forms are {FORMS}")
        condition = _BUILDERS[key](values, table, expression)
        if isinstance(condition, _OneOf):
            self._one_of.append(condition)
        return _negation(condition) if negated else condition


class _OneOf:
    """The call was made on or at one of ``values``; knows of which that was never so."""

    def __init__(
        self, expression: str, key: str, values: Iterable[Any], value_of: Callable[[Event], Any]
    ) -> None:
        self.key = key
        self._expression = expression
        self._values = frozenset(values)
        self._unseen = set(self._values)
        self._value_of = value_of

    def __call__(self, event: Event) -> bool:
        value = self._value_of(event)
        self._unseen.discard(value)
        return value in self._values

    def remarks(self) -> Iterator[str]:
        where = {"vcpu": "on vCPU", "site": "in"}[self.key]
        for value in sorted(self._unseen):
            yield f"-e {self._expression}: no call was made {where} {value}"

    def check(self, known: Collection[str]) -> None:
        for value in sorted(self._values - set(known)):
            hint = suggest(value, sorted(known), "'acrn-trace sites' lists them")
            if not known:
                hint = ": it has no symbols that say in which functions its sites are"
            raise TraceError(
                f"-e {self._expression}: the image makes no hypercall in a function {value}{hint}"
            )


def _negation(condition: Condition) -> Condition:
    def negated(event: Event) -> bool | None:
        answer = condition(event)
        return None if answer is None else not answer

    return negated


def _by_call(values: list[str], table: CallTable, expression: str) -> Condition:
    if values == ["none"]:
        return lambda event: False
    try:
        calls = select_calls(values, table)
    except TraceError as error:
        raise TraceError(f"-e {expression}: {error}") from None
    return lambda event: calls.has(event.nr, event.name)


def _by_status(values: list[str], _table: CallTable, expression: str) -> Condition:
    tests = {
        "failed": lambda event: event.failed,
        "successful": lambda event: event.status == "returned" and not event.failed,
        "unfinished": lambda event: event.status == "unfinished",
    }
    unknown = [value for value in values if value not in tests]
    if unknown:
        raise TraceError(
            f"-e {expression}: status is one of {', '.join(tests)}, not {unknown[0]!r}"
        )
    return lambda event: None if not event.over else any(tests[value](event) for value in values)


def _by_vcpu(values: list[str], _table: CallTable, expression: str) -> Condition:
    try:
        vcpus = {int(value, 0) for value in values}
        if min(vcpus) < 0:
            raise ValueError
    except ValueError:
        raise TraceError(f"-e {expression}: vcpu takes numbers, from 0") from None
    return _OneOf(expression, "vcpu", vcpus, lambda event: event.vcpu)


def _by_site(values: list[str], _table: CallTable, expression: str) -> Condition:
    return _OneOf(expression, "site", values, lambda event: event.site and event.site.function)


_BUILDERS: dict[str, Callable[[list[str], CallTable, str], Condition]] = {
    "trace": _by_call,
    "t": _by_call,
    "status": _by_status,
    "vcpu": _by_vcpu,
    "site": _by_site,
}
