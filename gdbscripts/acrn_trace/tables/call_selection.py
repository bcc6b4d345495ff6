# SPDX-License-Identifier: BSD-3-Clause
"""Parses which calls a command means: names, numbers, ``%classes``, ``/regular expressions``.

The same everywhere: ``-e trace=``, inject and catch (docs/which-calls.md).
"""

import re
from collections import namedtuple
from collections.abc import Iterable

from acrn_trace.base.errors import TraceError
from acrn_trace.base.suggest import CALLS_ARE_LISTED, suggest
from acrn_trace.guest.abi import MASK64, UNKNOWN, abis, main_abi
from acrn_trace.tables.calls import CallId, CallTable

# ACRN numbers its calls in groups of 16 (acrn_hv_defs.h, HC_ID_GEN_BASE …, master d61d98cf800e).
CLASSES = {
    "general": 0x0,
    "vm": 0x1,
    "irq": 0x2,
    "ioreq": 0x3,
    "memory": 0x4,
    "device": 0x5,
    "debug": 0x6,
    "trusty": 0x7,
    "power": 0x8,
    "tee": 0x9,
}


def classes() -> list[str]:
    """What ``%`` may stand before: ACRN's groups, then the hypervisors."""
    return [*CLASSES, *abis(), UNKNOWN]


def wide() -> list[str]:
    """What completion offers beside the names."""
    return ["all", *(f"%{name}" for name in classes())]


class CallRange(namedtuple("CallRange", ("abi", "first", "last"))):
    """The calls of one ABI that have these numbers, both ends included."""

    __slots__ = ()

    @classmethod
    def of(cls, call: CallId) -> "CallRange":
        abi, number = call
        return cls(abi, number, number)

    def has(self, call: CallId) -> bool:
        abi, number = call
        return self.abi == abi and self.first <= number <= self.last


class NamePattern:
    """Matches full names; with an ``abi`` the plain ones of that one's calls."""

    __slots__ = ("regex", "abi")

    def __init__(self, regex: re.Pattern[str], abi: str | None = None) -> None:
        self.regex, self.abi = regex, abi

    def has(self, name: str) -> bool:
        abi, _, plain = name.rpartition(":")
        if self.abi is None:
            return bool(self.regex.search(name))
        return (abi or main_abi().name) == self.abi and bool(self.regex.search(plain))


class CallSelection:
    """Selects by number, by class or by name; ``everything`` is no condition at all."""

    __slots__ = ("text", "ranges", "patterns", "everything")

    def __init__(
        self,
        text: str,
        ranges: tuple[CallRange, ...] = (),
        patterns: tuple[NamePattern, ...] = (),
        everything: bool = False,
    ) -> None:
        self.text, self.ranges = text, ranges
        self.patterns, self.everything = patterns, everything

    def has(self, call: CallId, name: str) -> bool:
        return self.everything or any(one.has(call) for one in self.ranges) or self.has_name(name)

    @property
    def abi(self) -> str:
        """Whose calls it selects, if one ABI's alone; else the main one."""
        of = {one.abi for one in self.ranges} | {one.abi for one in self.patterns}
        return of.pop() or main_abi().name if len(of) == 1 else main_abi().name

    def has_name(self, name: str) -> bool:
        """Whether it is the name that selects it."""
        return any(pattern.has(name) for pattern in self.patterns)


def select_calls(words: Iterable[str], table: CallTable) -> CallSelection:
    """What the words mean; TraceError, with a name that is near, for one that means nothing."""
    words = list(words)
    ranges, patterns, everything = [], [], not words
    for word in words:
        abi, colon, rest = word.partition(":")
        if word == "all":
            everything = True
        elif word.startswith("%") or word.startswith("/") and word[1:] in CLASSES:
            ranges.append(_class(word[1:]))
        elif word.startswith("/"):
            patterns.append(NamePattern(_regex(word[1:])))
        elif colon and rest.startswith("/"):
            patterns.append(NamePattern(_regex(rest[1:]), _hypervisor(abi)))
        else:
            ranges.append(CallRange.of(_call(word, table)))
    return CallSelection(",".join(words) or "all", tuple(ranges), tuple(patterns), everything)


def _class(name: str) -> CallRange:
    if name not in classes():
        raise TraceError(f"no class of calls is named {name!r}; they are {', '.join(classes())}")
    if name not in CLASSES:
        return CallRange(name, 0, MASK64)
    abi = main_abi()
    first = abi.number_base + (CLASSES[name] << 4)
    return CallRange(abi.name, first, first + 0xF)


def _regex(text: str) -> re.Pattern[str]:
    try:
        return re.compile(text.removesuffix("/"))  # no name has one
    except re.error as error:
        raise TraceError(f"{text!r} is not a regular expression: {error}") from None


def _hypervisor(name: str) -> str:
    if name not in (*abis(), UNKNOWN):
        raise TraceError(f"no hypervisor is named {name!r}; they are {', '.join(abis())}")
    return name


def _call(word: str, table: CallTable) -> CallId:
    found = table.meant(word)
    if found is None:
        raise TraceError(f"no call is named {word!r}{_hint(word, table)}")
    return found


def _hint(word: str, table: CallTable) -> str:
    """What was probably meant: a class, a shell's pattern, a name of another hypervisor's, or one
    that is near."""
    if word in classes():
        return f"; did you mean %{word}, the class?"
    if re.fullmatch(r"\w*\*[\w*]*", word):
        whole = f"^{word.replace('*', '.*')}$"
        return f"; did you mean /{whole.removeprefix('^.*').removesuffix('.*$')}?"
    others = [entry.name for entry in table if entry.plain_name == word]
    if others:
        return f"; did you mean {others[0]}?"
    return suggest(word, [known.name for known in table], CALLS_ARE_LISTED)
