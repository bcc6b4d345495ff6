# SPDX-License-Identifier: BSD-3-Clause
"""Parses which calls a command means: names, numbers, ``%classes``, ``/regular expressions``.

The same everywhere: ``-e trace=``, inject and catch (docs/which-calls.md).
"""

import re
from collections.abc import Iterable

from acrn_trace.base.errors import TraceError
from acrn_trace.base.suggest import CALLS_ARE_LISTED, suggest
from acrn_trace.guest.abi import main_abi
from acrn_trace.tables.calls import CallTable

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


# What completion offers beside the names.
WIDE = ("all", *(f"%{name}" for name in CLASSES))


class CallSelection:
    """Selects by number, by class or by name; ``everything`` is no condition at all."""

    __slots__ = ("text", "numbers", "classes", "patterns", "everything")

    def __init__(
        self,
        text: str,
        numbers: frozenset[int] = frozenset(),
        classes: frozenset[int] = frozenset(),
        patterns: tuple[re.Pattern[str], ...] = (),
        everything: bool = False,
    ) -> None:
        self.text, self.numbers, self.classes = text, numbers, classes
        self.patterns, self.everything = patterns, everything

    def has(self, number: int, name: str) -> bool:
        return (
            self.everything
            or number in self.numbers
            or class_of(number) in self.classes
            or self.has_name(name)
        )

    def has_name(self, name: str) -> bool:
        """Whether it is the name that selects it."""
        return any(pattern.search(name) for pattern in self.patterns)


def class_of(number: int) -> int | None:
    """Which group of ACRN's numbers it is in; None for a number of another shape."""
    abi = main_abi()
    return (number & abi.number_index) >> 4 if abi.has_number(number) else None


def select_calls(words: Iterable[str], table: CallTable) -> CallSelection:
    """What the words mean; TraceError, with a name that is near, for one that means nothing."""
    words = list(words)
    numbers, classes, patterns, everything = set(), set(), [], not words
    for word in words:
        if word == "all":
            everything = True
        elif word.startswith("%") or word.startswith("/") and word[1:] in CLASSES:
            classes.add(_class(word[1:]))
        elif word.startswith("/"):
            patterns.append(_pattern(word[1:]))
        else:
            numbers.add(_number(word, table))
    text = ",".join(words) or "all"
    return CallSelection(text, frozenset(numbers), frozenset(classes), tuple(patterns), everything)


def _class(name: str) -> int:
    if name not in CLASSES:
        raise TraceError(f"no class of calls is named {name!r}; they are {', '.join(CLASSES)}")
    return CLASSES[name]


def _pattern(text: str) -> re.Pattern[str]:
    try:
        return re.compile(text)
    except re.error as error:
        raise TraceError(f"{text!r} is not a regular expression: {error}") from None


def _number(word: str, table: CallTable) -> int:
    entry = table.named(word)
    if entry:
        return entry.number
    try:
        number = int(word, 0)
    except ValueError:
        raise TraceError(f"no call is named {word!r}{_hint(word, table)}") from None
    if not 0 <= number < 1 << 64:
        raise TraceError(f"{word} is no number of a call, which has 64 bits")
    return number


def _hint(word: str, table: CallTable) -> str:
    """What was probably meant: a class, a shell's pattern, or a name that is near."""
    if word in CLASSES:
        return f"; did you mean %{word}, the class?"
    if re.fullmatch(r"\w*\*[\w*]*", word):
        whole = f"^{word.replace('*', '.*')}$"
        return f"; did you mean /{whole.removeprefix('^.*').removesuffix('.*$')}?"
    return suggest(word, [known.name for known in table], CALLS_ARE_LISTED)
