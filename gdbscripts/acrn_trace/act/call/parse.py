# SPDX-License-Identifier: BSD-3-Clause
"""Takes the arguments of a call made by hand apart, as a user writes them; understands none yet::

    1 {name="vm 1", cpu_affinity=1 << 2, uuid=[1, 2]}

Arguments are separated by spaces or commas, so an expression with spaces among them needs
parentheses. In braces it needs none.
"""

import ast
import re
from dataclasses import dataclass
from typing import Union

from acrn_trace.base.errors import TraceError

MAX_DEPTH = 8
_FIELD = re.compile(r"\s*\.?([A-Za-z_]\w*)\s*=(?!=)")
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
_PAIRS = {"(": ")", "[": "]", "{": "}"}


@dataclass(frozen=True)
class Expression:
    """A number, a name, or anything that GDB can evaluate."""

    text: str


@dataclass(frozen=True)
class Characters:
    """``"…"``."""

    text: str


@dataclass(frozen=True)
class Fields:
    """``{field=value, …}``."""

    values: dict[str, "Node"]


@dataclass(frozen=True)
class Elements:
    """``[value, …]``."""

    values: tuple["Node", ...]


Node = Union[Expression, Characters, Fields, Elements]

KINDS = {
    Expression: "a number",
    Characters: "text",
    Fields: "a structure",
    Elements: "a list",
}


def parse_arguments(text: str) -> list[Node]:
    """The arguments in ``text``; TraceError for what is no argument."""
    reader, arguments = _Reader(text), []
    reader.skip()
    while not reader.at_end:
        arguments.append(reader.node(", \t", 0))
        reader.skip(", \t")
    return arguments


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    @property
    def at_end(self) -> bool:
        return self._at >= len(self._text)

    def skip(self, what: str = " \t") -> None:
        while not self.at_end and self._text[self._at] in what:
            self._at += 1

    def node(self, ends: str, depth: int) -> Node:
        """What stands here, up to one of the characters ``ends``."""
        self.skip()
        if depth > MAX_DEPTH:
            raise self._wrong(f"is nested more than {MAX_DEPTH} deep")
        start = self._text[self._at : self._at + 1]
        if start == "{":
            return self._fields(depth)
        if start == "[":
            return Elements(self._list("]", depth))
        if start == '"':
            return self._characters()
        return self._expression(ends)

    def _fields(self, depth: int) -> Node:
        """``{a=1, b=2}``; without names the braces hold a list, as GDB prints an array."""
        self._at += 1
        values: dict[str, Node] = {}
        self.skip()
        if not self._next_is("}") and not _FIELD.match(self._text, self._at):
            return Elements(self._list("}", depth, opened=True))
        while not self._closed("}"):
            match = _FIELD.match(self._text, self._at)
            if match is None:
                raise self._wrong("is no field=value")
            if match[1] in values:
                raise self._wrong(f"gives {match[1]} a second time")
            self._at = match.end()
            values[match[1]] = self.node(",}", depth + 1)
            self._comma("}")
        return Fields(values)

    def _list(self, close: str, depth: int, opened: bool = False) -> tuple[Node, ...]:
        self._at += not opened
        values = []
        while not self._closed(close):
            values.append(self.node("," + close, depth + 1))
            self._comma(close)
        return tuple(values)

    def _comma(self, close: str) -> None:
        self.skip()
        if self._next_is(","):
            self._at += 1
        elif not self.at_end and not self._next_is(close):
            raise self._wrong(f"needs a comma or '{close}' before it")

    def _closed(self, close: str) -> bool:
        self.skip()
        if self.at_end:
            raise TraceError(f"{self._text!r} has no closing '{close}'")
        if self._next_is(close):
            self._at += 1
            return True
        return False

    def _next_is(self, character: str) -> bool:
        return self._text.startswith(character, self._at)

    def _characters(self) -> Characters:
        match = _STRING.match(self._text, self._at)
        if match is None:
            raise self._wrong("has no closing quote")
        self._at = match.end()
        try:
            return Characters(ast.literal_eval(match[0]))
        except (SyntaxError, ValueError):
            raise TraceError(f"{match[0]} is no text as C or Python would have it") from None

    def _expression(self, ends: str) -> Expression:
        start, open_ones = self._at, []
        while not self.at_end:
            character = self._text[self._at]
            if not open_ones and character in ends:
                break
            if character in _PAIRS:
                open_ones.append(_PAIRS[character])
            elif open_ones and character == open_ones[-1]:
                open_ones.pop()
            self._at += 1
        text = self._text[start : self._at].strip()
        if open_ones or not text:
            self._at = start
            raise self._wrong(f"lacks '{open_ones[-1]}'" if open_ones else "is no value")
        return Expression(text)

    def _wrong(self, what: str) -> TraceError:
        rest = self._text[self._at : self._at + 40]
        return TraceError(f"{rest!r} {what}, in {self._text[:200]!r}")
