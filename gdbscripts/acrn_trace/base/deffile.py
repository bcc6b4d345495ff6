# SPDX-License-Identifier: BSD-3-Clause
"""Reads ``.def`` files: one macro-like line a fact, ``NAME(WORD, NAME(WORD, …), "text", …)``.

C can include such a file as X-macros. Here the lines are split as text and never evaluated; between
them a file has C comments and blank lines only. docs/call-table.md states the grammar.
"""

import re

from acrn_trace.base.errors import TraceError

MAX_FILE_BYTES = 1 << 20
MAX_DEPTH = 4

_COMMENT = re.compile(r"/\*(?:.*?(\*/)|.*)", re.DOTALL)  # or what has no end
_TOKEN = re.compile(
    r'\s*(?:(?P<word>[A-Za-z0-9_.\-]{1,64})|"(?P<text>[^"]{0,200})"|(?P<mark>[(),]|\Z))'
)


class Term:
    """``name(argument, …)``, or with ``arguments`` None a bare word or quoted text."""

    def __init__(self, name: str, arguments: tuple["Term", ...] | None = None) -> None:
        self.name, self.arguments = name, arguments

    def __str__(self) -> str:
        if self.arguments is None:
            return self.name
        return f"{self.name}({', '.join(map(str, self.arguments))})"

    def words(self) -> list[str]:
        """The arguments of a term all of whose arguments are words."""
        return [str(argument) for argument in self.arguments or ()]


class Line:
    """One line of a file, and where it stands, for messages."""

    def __init__(self, term: Term, where: str) -> None:
        self.term, self.where = term, where

    def wrong(self, why: str) -> TraceError:
        return TraceError(f"{self.where}: {why}: {str(self.term)[:100]!r}")


def read(path: str) -> list[Line]:
    """The lines of a file; TraceError if it cannot be read or a line is none."""
    try:
        with open(path, "rb") as file:
            data = file.read(MAX_FILE_BYTES + 1)
        if len(data) > MAX_FILE_BYTES:
            raise TraceError(f"the table {path} is over {MAX_FILE_BYTES} bytes; is it one?")
        return parse(data.decode(), path)
    except OSError as error:
        raise TraceError(f"cannot read the table {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise TraceError(f"the table {path} is not text; give a .def file") from error


def parse(text: str, source: str) -> list[Line]:
    """The lines of ``text``; errors name ``source`` and the line's number."""
    uncommented = _COMMENT.sub(lambda match: _lines_of_comment(match, source), text)
    return [
        Line(_Parser(line, f"{source}:{number}").whole(), f"{source}:{number}")
        for number, line in enumerate(uncommented.splitlines(), 1)
        if line.strip()
    ]


def parse_one(text: str, where: str) -> Line:
    """The one line that ``text`` is; errors name ``where``."""
    return Line(_Parser(text, where).whole(), where)


def _lines_of_comment(match: re.Match, source: str) -> str:
    if not match.group(1):
        line = match.string.count("\n", 0, match.start()) + 1
        raise TraceError(f"{source}:{line}: the comment that begins here has no end")
    return "\n" * match.group().count("\n")


class _Parser:
    """Recursive descent over one line, whose depth is bounded; stands at one token of it."""

    def __init__(self, line: str, where: str) -> None:
        self._line, self._where, self._end = line.rstrip(), where, 0
        self._next()

    def whole(self) -> Term:
        term = self._term(0)
        if term.arguments is None or self._kind != "":
            raise self._wrong()
        return term

    def _term(self, depth: int) -> Term:
        kind, name = self._kind, self._token
        if kind not in ("word", "text") or depth > MAX_DEPTH:
            raise self._wrong()
        self._next()
        if kind == "text" or self._kind != "(":
            return Term(name)
        self._next()
        arguments: list[Term] = []
        while self._kind != ")":
            if arguments:
                self._comma()
            arguments.append(self._term(depth + 1))
        self._next()
        return Term(name, tuple(arguments))

    def _comma(self) -> None:
        if self._kind != ",":
            raise self._wrong()
        self._next()

    def _next(self) -> None:
        """Go to the next token; its kind is "word", "text", or of a mark or the end itself."""
        self._at = self._end
        match = _TOKEN.match(self._line, self._at)
        if match is None:
            raise self._wrong()
        kind, self._end = match.lastgroup, match.end()
        self._token = match[kind]
        self._kind = self._token if kind == "mark" else kind

    def _wrong(self) -> TraceError:
        rest = self._line[self._at :].strip()
        place = f"at {rest[:40]!r}" if rest else "where it ends"
        return TraceError(
            f"{self._where}: not a line NAME(WORD, …): {self._line.strip()[:80]!r}, {place}"
        )
