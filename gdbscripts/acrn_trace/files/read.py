# SPDX-License-Identifier: BSD-3-Clause
"""Reads trace files back to events, one at a time, whatever format they are in.

A file is input that nobody vouches for: each line is bounded, and whatever is wrong is one sentence
with its place. The events before it have been yielded by then.
"""

import json
from dataclasses import dataclass
from typing import IO, Any, Callable, Iterator, NoReturn

from acrn_trace.base.errors import TraceError
from acrn_trace.files import start
from acrn_trace.rings.recording import recorded_events
from acrn_trace.rings.judge import Judge
from acrn_trace.tables.knowledge import Knowledge
from acrn_trace.trace.event import Event
from acrn_trace.trace.eventjson import NotAnEvent, event_of
from acrn_trace.trace.filters import Filter

MAX_LINE = 4 << 20  # bytes; the longest call (1024 elements behind a pointer) is far below
MAX_NESTING = 64


@dataclass
class Source:
    """A file that is being read; ``line`` and ``offset`` (bytes) say where."""

    file: IO[bytes]
    name: str
    line: int = 0
    offset: int = 0
    events: int = 0
    # For recordings, whose calls are still to be decoded: what of, and which.
    knowledge: Knowledge | None = None
    selected: Filter | None = None
    judge: Judge | None = None

    def lines(self) -> Iterator[str]:
        """The lines, with the place kept up to date: it is that of the line yielded last."""
        length = 0
        while True:
            self.offset += length
            raw = self._raw_line()
            if not raw:
                return
            self.line += 1
            length = len(raw)
            yield self._text(raw)

    def _raw_line(self) -> bytes:
        try:
            return self.file.readline(MAX_LINE + 1)
        except OSError as error:
            raise TraceError(f"cannot read {self.name}: {error.strerror}") from error

    def _text(self, raw: bytes) -> str:
        if len(raw) > MAX_LINE:
            self.wrong(f"the line is longer than {MAX_LINE >> 20} MiB")
        try:
            return raw.decode("utf-8")
        except UnicodeDecodeError as error:
            self.wrong(f"no UTF-8 {error.start} bytes on")

    def wrong(self, what: str) -> NoReturn:
        """TraceError for the line yielded last."""
        raise TraceError(
            f"{self.name} is damaged or no trace, in line {self.line} at byte {self.offset}: "
            f"{what}; the {self.events} calls before it were read"
        )


def read_events(name: str, knowledge: Knowledge | None = None) -> Iterator[Event]:
    """The events of the trace file ``name`` (- is standard input), in the order of the file.

    TraceError where the file cannot be opened, or where it is not what a trace file must be.
    """
    with start.opened(name) as file:
        yield from events_in(file, name, knowledge)


def events_in(
    file: IO[bytes],
    name: str,
    knowledge: Knowledge | None,
    selected: Filter | None = None,
    judge: Judge | None = None,
) -> Iterator[Event]:
    """The same, of a file that is open; where it is a recording only those that are ``selected``,
    with which is said what was lost before them. ``judge`` is as rings.report has it."""
    source = Source(file, name, knowledge=knowledge, selected=selected, judge=judge)
    for event in _READERS[start.kind_of(file, name)](source):
        source.events += 1
        yield event


def read_jsonl(source: Source) -> Iterator[Event]:
    for line in source.lines():
        yield _event(source, _object(source, line))


def read_chrome(source: Source) -> Iterator[Event]:
    """The events in a file of sinks/chrome.py, which is an array with one element a line."""
    for line in source.lines():
        text = line.strip().removeprefix("[").removeprefix(",").removesuffix("]").removesuffix(",")
        if not text:
            continue
        element = _object(source, text)
        arguments = element.get("args")
        if isinstance(arguments, dict) and isinstance(arguments.get("event"), dict):
            yield _event(source, arguments["event"])
        elif element.get("ph") == "X" and element.get("cat") != "finding":
            source.wrong("a slice that acrn-trace did not write")


def read_recording(source: Source) -> Iterator[Event]:
    """The events in a binary trace file."""
    return recorded_events(
        *(source.file, source.name, source.knowledge, source.selected, source.judge)
    )


_READERS: dict[str, Callable[[Source], Iterator[Event]]] = {
    start.JSONL: read_jsonl,
    start.CHROME: read_chrome,
    start.RECORDING: read_recording,
    start.EMPTY: lambda _source: iter(()),
}


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is no number of JSON")


_decode = json.JSONDecoder(parse_constant=_no_number).decode


def _object(source: Source, line: str) -> dict[str, Any]:
    try:
        tree = _decode(line)
    except json.JSONDecodeError as error:
        cut = "" if line.endswith("\n") else ", where the file ends: it was cut off"
        source.wrong(f"{error.msg}, {error.pos} characters on{cut}")
    except RecursionError:
        source.wrong(f"nested deeper than {MAX_NESTING}")
    except ValueError as error:  # a number of thousands of digits
        source.wrong(str(error).partition(";")[0])
    if not isinstance(tree, dict):
        source.wrong("not an object")
    if line.count("{") + line.count("[") > MAX_NESTING and _depth(tree) > MAX_NESTING:
        source.wrong(f"nested deeper than {MAX_NESTING}")
    return tree


def _depth(tree: Any) -> int:
    """How deep the tree is, or more than MAX_NESTING: the search ends there."""
    level, depth = [tree], 0
    while level and depth <= MAX_NESTING:
        depth += 1
        level = [
            child
            for node in level
            for child in (node.values() if isinstance(node, dict) else node)
            if isinstance(child, (dict, list))
        ]
    return depth


def _event(source: Source, tree: dict[str, Any]) -> Event:
    try:
        return event_of(tree)
    except NotAnEvent as error:
        source.wrong(str(error))
