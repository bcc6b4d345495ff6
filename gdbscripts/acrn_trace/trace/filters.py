# SPDX-License-Identifier: BSD-3-Clause
"""Selects calls as ``-e`` says, in strace's forms: ``trace=a,b``, ``status=failed``, ``vcpu=0`` ….

Some of it is known when a call is made, some only when it is back: a condition answers True, False,
or None for "not yet". As plain data conditions go to C (compiled_filter.py), which asks them of
calls that never become events.
"""

from collections.abc import Callable, Collection, Iterable, Iterator

from acrn_trace.base.errors import TraceError
from acrn_trace.base.suggest import suggest
from acrn_trace.tables.call_selection import CallRange, CallSelection, select_calls
from acrn_trace.tables.calls import CallTable
from acrn_trace.trace.finding_kinds import ANY, FINDING_KINDS

TYPE_CHECKING = False  # as typing has it, which C's readers of a recording need not load
if TYPE_CHECKING:
    from acrn_trace.trace.event import Event

FORMS = (
    "trace=CALL,…, trace=!CALL,…, status=failed|successful|unfinished, finding=KIND,…|any, "
    "vcpu=N,…, site=SYMBOL,…"
)


class Kind:
    """enum condition_kind of cstub/decode/filter.h."""

    NONE = 1
    CALL = 2
    STATUS = 3
    VCPU = 4
    SITE = 5
    FINDING = 6


class PlainCondition:
    """A condition as struct condition of cstub/decode/filter.h has it."""

    __slots__ = ("kind", "values", "ranges", "has_unknown", "is_negated", "saw")

    def __init__(
        self,
        kind: int,
        values: tuple[int, ...] | tuple[str, ...] = (),  # of SITE and FINDING texts; each once
        ranges: tuple[CallRange, ...] = (),
        # Whether a number that the table does not have is selected, by the name that it gets then.
        has_unknown: Callable[[int, str], bool] | None = None,
        is_negated: bool = False,
        saw: Callable[[Collection], None] | None = None,  # wants to know what values calls had
    ) -> None:
        self.kind, self.values, self.ranges = kind, values, ranges
        self.has_unknown, self.is_negated, self.saw = has_unknown, is_negated, saw


class Condition:
    def __call__(self, event: "Event") -> bool | None:
        """Whether it holds; None while that depends on how the call ends."""
        raise NotImplementedError

    def plain(self, table: CallTable) -> PlainCondition:
        """What is asked of a call that is over, which has its name from ``table``; made anew."""
        raise NotImplementedError


class Filter:
    """The conjunction of the ``-e`` expressions given; none selects every call."""

    def __init__(self, expressions: Iterable[str], table: CallTable) -> None:
        self._one_of: list[_OneOf] = []
        self.selects_calls = False  # which ones, by trace=
        self._conditions = [self._condition(text, table) for text in expressions]
        self._asked = False

    def add(self, condition: Condition) -> None:
        """It must hold as well."""
        self._conditions.append(condition)

    def verdict(self, event: "Event") -> bool | None:
        """Whether to show ``event``: None while that depends on how the call ends."""
        self._asked = True
        answers = [condition(event) for condition in self._conditions]
        if False in answers:
            return False
        return None if None in answers else True

    def final_verdict(self, event: "Event") -> bool:
        """The verdict on a call that is over, if only because the guest is."""
        return self.verdict(event) is True

    def plain(self, table: CallTable) -> list[PlainCondition]:
        """Its conditions, all of which must hold; calls have their names from ``table``."""
        return [condition.plain(table) for condition in self._conditions]

    def was_asked(self) -> None:
        """There were calls, of which others asked its conditions."""
        self._asked = True

    def remarks(self) -> Iterator[str]:
        """What no call was made on or at, though there were calls: the user may have mistyped."""
        for condition in self._one_of if self._asked else ():
            yield from condition.remarks()

    def check_sites(self, *lookups: Callable[[], Collection[str]]) -> None:
        """TraceError for a site= that no site can be.

        ``lookups`` give functions that have some; each is asked if those before had not all.
        """
        for condition in self._one_of:
            if condition.kind == Kind.SITE:
                condition.check(lookups)

    def _condition(self, expression: str, table: CallTable) -> Condition:
        key, equals, text = expression.partition("=")
        if not equals:
            key, text = "trace", expression  # strace: a bare list is trace=
        negated = text.startswith("!")
        values = [value for value in text.removeprefix("!").split(",") if value]
        if key not in _BUILDERS or not values:
            raise TraceError(f"-e {expression}: not a filter; the forms are {FORMS}")
        condition = _BUILDERS[key](values, table, expression)
        self.selects_calls |= _BUILDERS[key] is _by_call
        if isinstance(condition, _OneOf):
            self._one_of.append(condition)
        return _Negation(condition) if negated else condition


class _OneOf(Condition):
    """The call was made on or at one of ``values``; knows of which that was never so.

    ``values_of`` gives all that a call was made on or at.
    """

    def __init__(
        self,
        expression: str,
        kind: int,
        values: Iterable[int] | Iterable[str],
        values_of: Callable[["Event"], Collection[int | str | None]],
    ) -> None:
        self.kind = kind
        self._expression = expression
        self._values = frozenset(values)
        self._unseen = set(self._values)
        self._values_of = values_of

    def __call__(self, event: "Event") -> bool:
        seen = self._values.intersection(self._values_of(event))
        self._unseen -= seen
        return bool(seen)

    def plain(self, table: CallTable) -> PlainCondition:
        return PlainCondition(self.kind, tuple(self._values), saw=self._unseen.difference_update)

    def remarks(self) -> Iterator[str]:
        where = {Kind.VCPU: "on vCPU", Kind.SITE: "in"}[self.kind]
        for value in sorted(self._unseen):
            yield f"-e {self._expression}: no call was made {where} {value}"

    def check(self, lookups: Iterable[Callable[[], Collection[str]]]) -> None:
        known: set[str] = set()
        for lookup in lookups:
            if not self._values <= known:
                known.update(lookup())
        for value in sorted(self._values - known):
            hint = suggest(value, sorted(known), "'acrn-trace sites' lists them")
            if not known:
                hint = ": it has no symbols that say in which functions its sites are"
            raise TraceError(
                f"-e {self._expression}: the image makes no hypercall in a function {value}{hint}"
            )


class _Negation(Condition):
    def __init__(self, condition: Condition) -> None:
        self._condition = condition

    def __call__(self, event: "Event") -> bool | None:
        answer = self._condition(event)
        return None if answer is None else not answer

    def plain(self, table: CallTable) -> PlainCondition:
        plain = self._condition.plain(table)
        plain.is_negated = not plain.is_negated
        return plain


class _NoCall(Condition):
    def __call__(self, event: "Event") -> bool:
        return False

    def plain(self, table: CallTable) -> PlainCondition:
        return PlainCondition(Kind.NONE)


class _OfCalls(Condition):
    def __init__(self, calls: CallSelection) -> None:
        self._calls = calls

    def __call__(self, event: "Event") -> bool:
        return self._calls.has(event.id, event.name)

    def plain(self, table: CallTable) -> PlainCondition:
        calls = self._calls
        if calls.everything:
            return PlainCondition(Kind.NONE, is_negated=True)
        named = {CallRange.of(call.id) for call in table if calls.has_name(call.name)}
        unknown = None
        if calls.patterns:
            unknown = lambda nr, abi: calls.has_name(table.call_name(nr, abi))  # noqa: E731
        return PlainCondition(Kind.CALL, ranges=(*calls.ranges, *named), has_unknown=unknown)


# In the order in which C numbers them, from 1.
_STATUSES: dict[str, Callable[["Event"], bool]] = {
    "failed": lambda event: event.failed,
    "successful": lambda event: event.status == "returned" and not event.failed,
    "unfinished": lambda event: event.status == "unfinished",
}


class _OfStatus(Condition):
    def __init__(self, values: frozenset[str]) -> None:
        self._values = values

    def __call__(self, event: "Event") -> bool | None:
        return any(_STATUSES[value](event) for value in self._values) if event.over else None

    def plain(self, table: CallTable) -> PlainCondition:
        numbers = {value: number for number, value in enumerate(_STATUSES, 1)}
        return PlainCondition(Kind.STATUS, tuple(numbers[value] for value in self._values))


class _OfFinding(Condition):
    def __init__(self, kinds: frozenset[str]) -> None:
        """With ANY those that a file has and this tool does not know as well."""
        self._kinds = kinds

    def __call__(self, event: "Event") -> bool | None:
        if not event.over:
            return None
        kinds = {finding.kind for finding in event.findings}
        return bool(kinds if ANY in self._kinds else kinds & self._kinds)

    def plain(self, table: CallTable) -> PlainCondition:
        kinds = FINDING_KINDS if ANY in self._kinds else tuple(self._kinds)
        return PlainCondition(Kind.FINDING, kinds)


def _by_call(values: list[str], table: CallTable, expression: str) -> Condition:
    if values == ["none"]:
        return _NoCall()
    try:
        return _OfCalls(select_calls(values, table))
    except TraceError as error:
        raise TraceError(f"-e {expression}: {_meant(values) or error}") from None


def _meant(values: list[str]) -> str | None:
    """What is said where one of ``values`` is no call, but a word of another condition."""
    for key, words in (("status", _STATUSES), ("finding", FINDING_KINDS)):
        for value in values:
            if value in words:
                return f"no call is named {value!r}; did you mean {key}={value}?"
    return None


def _by_status(values: list[str], _table: CallTable, expression: str) -> Condition:
    unknown = [value for value in values if value not in _STATUSES]
    if unknown:
        raise TraceError(
            f"-e {expression}: status is one of {', '.join(_STATUSES)}, not {unknown[0]!r}"
        )
    return _OfStatus(frozenset(values))


def _by_finding(values: list[str], _table: CallTable, expression: str) -> Condition:
    for value in values:
        if value not in (*FINDING_KINDS, ANY):
            hint = suggest(value, (*FINDING_KINDS, ANY), "docs/formats.md lists the kinds")
            raise TraceError(f"-e {expression}: no finding is of kind {value!r}{hint}")
    return _OfFinding(frozenset(values))


def _by_vcpu(values: list[str], _table: CallTable, expression: str) -> Condition:
    try:
        vcpus = {int(value, 0) for value in values}
        if min(vcpus) < 0:
            raise ValueError
    except ValueError:
        raise TraceError(f"-e {expression}: vcpu takes numbers, from 0") from None
    return _OneOf(expression, Kind.VCPU, vcpus, lambda event: (event.vcpu,))


def _by_site(values: list[str], _table: CallTable, expression: str) -> Condition:
    def functions(event: "Event") -> Collection[str]:
        return event.site.functions if event.site else ()

    return _OneOf(expression, Kind.SITE, values, functions)


_BUILDERS: dict[str, Callable[[list[str], CallTable, str], Condition]] = {
    "trace": _by_call,
    "t": _by_call,
    "status": _by_status,
    "finding": _by_finding,
    "vcpu": _by_vcpu,
    "site": _by_site,
}
