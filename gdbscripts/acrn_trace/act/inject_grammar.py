# SPDX-License-Identifier: BSD-3-Clause
"""Parses strace's grammar of fault injection: ``NAME,…:error=E:when=F..L+S`` and the rest."""

import re
from dataclasses import dataclass, field

from acrn_trace.act.inject_poke import Place, Places, value_for
from acrn_trace.base.errors import TraceError
from acrn_trace.base.suggest import suggest
from acrn_trace.guest.abi import MASK64, abis
from acrn_trace.tables.call_selection import CallSelection, select_calls
from acrn_trace.tables.calls import Entry
from acrn_trace.tables.errnos import errors_of
from acrn_trace.tables.knowledge import Knowledge

UNITS = {"": 1e-6, "us": 1e-6, "ms": 1e-3, "s": 1.0, "ns": 1e-9}
MAX_DELAY = 3600.0  # seconds
MAX_ERRNO = 4095
_TIME = re.compile(r"(\d+(?:\.\d+)?)(us|ms|ns|s|)$")
_WHEN = re.compile(r"(\d+)(?:\.\.(\d+))?(?:\+(\d*))?$")


@dataclass(frozen=True)
class When:
    """Which of the calls that are selected: the first, the last, and the step, from 1."""

    first: int = 1
    last: int | None = None
    step: int = 1

    def has(self, count: int) -> bool:
        in_range = self.first <= count and (self.last is None or count <= self.last)
        return in_range and (count - self.first) % self.step == 0


@dataclass
class Rule:
    """One injection, as it was asked for."""

    text: str
    calls: CallSelection
    answer: int | None = None  # RAX
    answers_with: str = ""  # "error=EPERM"
    delay_enter: float = 0.0  # seconds
    delay_exit: float = 0.0
    poke_enter: list[tuple[str, str]] = field(default_factory=list)  # path, value
    poke_exit: list[tuple[str, str]] = field(default_factory=list)
    when: When = When()
    count: int = 0  # calls selected so far


def parse_rule(text: str, knowledge: Knowledge) -> Rule:
    """The rule that ``text`` states; TraceError in one sentence for what it cannot mean."""
    which, *options = _split(text)
    if not which:
        raise TraceError(f"inject {text}: which calls? Begin with a name, all, /regex or %class")
    rule = Rule(text, select_calls([word for word in which.split(",") if word], knowledge.table))
    given = set()
    for option in options:
        key, _, value = option.partition("=")
        if key not in _OPTIONS:
            raise TraceError(f"inject {text}: no option {key!r}{suggest(key, _OPTIONS)}")
        if key in given:
            raise TraceError(f"inject {text}: {key} is given twice")
        given.add(key)
        _OPTIONS[key](rule, value)
    _check(rule, given)
    check_pokes(rule, knowledge)
    return rule


def _split(text: str) -> list[str]:
    """By colons; none can be in a regular expression, then. One may follow a hypervisor's name."""
    which, *options = text.removeprefix("inject=").split(":")
    while options and which.rpartition(",")[2] in abis():
        which = f"{which}:{options.pop(0)}"
    return [which, *options]


def _check(rule: Rule, given: set[str]) -> None:
    if {"error", "retval"} <= given:
        raise TraceError(f"inject {rule.text}: error and retval exclude each other")
    if not given - {"when"}:
        what = ", ".join(key for key in _OPTIONS if key != "when")
        raise TraceError(f"inject {rule.text}: what? Give one of {what}")
    if rule.answer is None and "skip" in given:
        rule.answer, rule.answers_with = 0, "skip"


def _error(rule: Rule, value: str) -> None:
    whose = rule.calls.abi
    names = {name: -result for name, result in errors_of(whose).results.items()}
    try:
        number = names[value.upper()] if value.upper() in names else int(value, 0)
    except ValueError:
        raise TraceError(
            f"error={value}: no such error of {whose.upper()}{suggest(value.upper(), names)}"
        ) from None
    if not 1 <= number <= MAX_ERRNO:
        raise TraceError(f"error={value}: an error number is from 1 to {MAX_ERRNO}")
    rule.answer, rule.answers_with = -number & MASK64, f"error={value}"


def _retval(rule: Rule, value: str) -> None:
    try:
        number = int(value, 0)
    except ValueError:
        raise TraceError(f"retval={value}: not a number") from None
    if not -(1 << 63) <= number < 1 << 64:
        raise TraceError(f"retval={value} does not fit in RAX")
    rule.answer, rule.answers_with = number & MASK64, f"retval={value}"


def _skip(rule: Rule, value: str) -> None:
    if value:
        raise TraceError(f"skip={value}: skip takes no value; retval= says what the call returns")


def _delay(attribute: str):
    def parse(rule: Rule, value: str) -> None:
        match = _TIME.match(value)
        if match is None:
            raise TraceError(f"{attribute}={value}: not a time; 500, 500us, 20ms or 2s are")
        seconds = float(match.group(1)) * UNITS[match.group(2)]
        if seconds > MAX_DELAY:
            raise TraceError(f"{attribute}={value} is longer than {MAX_DELAY:.0f}s")
        setattr(rule, attribute, seconds)

    return parse


def _poke(attribute: str):
    def parse(rule: Rule, value: str) -> None:
        for part in value.split(","):
            path, equals, text = part.partition("=")
            if not (path and equals and text):
                raise TraceError(
                    f"{attribute}={value}: a poke is REGISTER=VALUE or ARG.FIELD=VALUE"
                )
            getattr(rule, attribute).append((path, text))

    return parse


def _when(rule: Rule, value: str) -> None:
    match = _WHEN.match(value)
    if match is None:
        raise TraceError(f"when={value}: not FIRST, FIRST..LAST, FIRST+STEP or FIRST..LAST+STEP")
    first, last, step = match.groups()
    # strace: a bare number is that one call alone, "3+" the third and all after it.
    end = int(last) if last else (int(first) if step is None else None)
    rule.when = When(int(first), end, int(step or 1))
    if rule.when.first < 1 or rule.when.step < 1 or (last and int(last) < int(first)):
        raise TraceError(f"when={value}: calls count from 1, LAST is not before FIRST, STEP not 0")


_OPTIONS = {
    "error": _error,
    "retval": _retval,
    "skip": _skip,
    "delay_enter": _delay("delay_enter"),
    "delay_exit": _delay("delay_exit"),
    "poke_enter": _poke("poke_enter"),
    "poke_exit": _poke("poke_exit"),
    "when": _when,
}
OPTION_NAMES = tuple(_OPTIONS)


def check_pokes(rule: Rule, knowledge: Knowledge) -> None:
    """Each poke must have a place in every call of the table that the rule selects."""
    pokes = rule.poke_enter + rule.poke_exit
    if not pokes:
        return
    places = Places(knowledge)
    entries = [e for e in knowledge.table if rule.calls.has(e.id, e.name)]
    alone = [one for one in rule.calls.ranges if one.first == one.last]
    unknown = [one for one in alone if not any(one.has(entry.id) for entry in entries)]
    for path, text in pokes:
        for entry in entries:
            resolve(path, text, entry, places, knowledge)
        for one in unknown:
            places.find(path, None, knowledge.table.call_name(one.first, one.abi))
        if not entries and not unknown:
            raise TraceError(f"inject {rule.text}: {rule.calls.text} selects no call of the table")


def resolve(
    path: str, text: str, entry: Entry, places: Places, knowledge: Knowledge
) -> tuple[Place, int]:
    """The place of a poke in one call, and the bits to put there."""
    place = places.find(path, entry, entry.name)
    return place, value_for(text, place, knowledge.types)


def split_expressions(expressions: list[str], knowledge: Knowledge) -> tuple[list[str], list[Rule]]:
    """Of the ``-e`` expressions, those that select calls, and the rules of ``-e inject=``."""
    injections = [text for text in expressions if text.startswith("inject=")]
    rest = [text for text in expressions if not text.startswith("inject=")]
    return rest, [parse_rule(text, knowledge) for text in injections]
