# SPDX-License-Identifier: BSD-3-Clause
"""Learns what a sink writes of a JSONL file, which cstub/reader/jsonl_report.c then writes fast.

The C code takes lines apart in a key and the numbers in it, and copies templates. These are learned
here by example, when a key comes for the second time: what the sink writes of the line with telling
numbers is taken apart where these stand, and proven with other numbers. A line that no template is
for is read and written as all lines would be without the C code.
"""

import ctypes
import math
import re
import struct
from io import BytesIO
from random import Random
from typing import IO, NamedTuple

from acrn_trace.base.places import REPORT_LIBRARY
from acrn_trace.base.progress import Progress
from acrn_trace.files.read import MAX_LINE, Source
from acrn_trace.sinks.quick import AT_ONCE, BARE, NO_END, NO_ENTRY, QuickSink, Sections
from acrn_trace.trace.event import Event
from acrn_trace.trace.filters import Filter
from acrn_trace.trace.sink import Sink

CHUNK = 1 << 20
MAX_ONCE = 1 << 15  # keys of which it is known that they came once
MAX_HOLES, MAX_KEY, MAX_TEMPLATE = 96, 4096, 16384  # jsonl_cut.h, jsonl_report.h
DECIMAL, HEX, SEQ, TIME, DURATION = range(1, 6)  # enum jsonl_kind
MICROS = 255  # JSONL_MICROS

_PIECE = struct.Struct("<BBxxI")
_LIKE = {1: "13579", 2: "26", 4: "4", 8: "08"}  # last digits, by what the number is a multiple of


class Hole(ctypes.Structure):
    _fields_ = [("at", ctypes.c_uint32), ("size", ctypes.c_uint16), ("kind", ctypes.c_uint16)]


class Cut(ctypes.Structure):
    """struct jsonl_cut"""

    _fields_ = [
        ("holes", ctypes.c_uint32),
        ("key_size", ctypes.c_uint32),
        ("time", ctypes.c_int64),
        ("duration", ctypes.c_int64),
        ("seq", ctypes.c_uint64),
        ("hole", Hole * MAX_HOLES),
        ("key", ctypes.c_uint8 * MAX_KEY),
    ]


class _Call(ctypes.Structure):
    """struct live_call, as far as it is ours."""

    _fields_ = [
        ("time", ctypes.c_double),
        ("end", ctypes.c_double),
        ("shown", ctypes.c_double),
        ("resumed", ctypes.c_double),
        ("seq", ctypes.c_uint64),
        ("flags", ctypes.c_uint32),
        ("size", ctypes.c_uint32 * 5),
        ("text", ctypes.c_void_p),
        ("number", ctypes.c_uint64),
        ("entered", ctypes.c_uint8),
        ("begun", ctypes.c_uint8),
    ]


def library() -> ctypes.CDLL | None:
    """The C code, or None where it was not built."""
    try:
        code = ctypes.CDLL(str(REPORT_LIBRARY))
    except OSError:
        return None
    pointer, text, size = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t
    flags, status, out = ctypes.c_uint32, ctypes.c_int, ctypes.POINTER
    for name, result, arguments in (
        ("new", pointer, [status, ctypes.c_double]),
        ("free", None, [pointer]),
        ("learn", status, [pointer, out(Cut), flags, text, flags]),
        ("add", status, [pointer, out(_Call), text]),
        ("run", size, [pointer, pointer, size, out(ctypes.c_uint64)]),
        ("flush", None, [pointer]),
        ("text", pointer, [pointer, out(size)]),
        ("started", status, [pointer, out(ctypes.c_double)]),
    ):
        function = getattr(code, f"jsonl_report_{name}")
        function.restype, function.argtypes = result, arguments
    code.jsonl_cut.argtypes = [text, size, out(Cut)]
    return code


class QuickLines:
    """Shows JSONL files with ``sink``, what ``selected`` does; ``others`` see some of each kind.

    Events that differ in numbers of their arguments alone are of one kind.
    """

    def __init__(
        self,
        code: ctypes.CDLL,
        selected: Filter,
        sink: QuickSink,
        others: list[Sink],
        progress: Progress,
    ) -> None:
        self._code = code
        self._filter = selected
        self._sink = sink
        self._others = others
        self._progress = progress
        self._report: int | None = None
        self._cut = Cut()
        self._once: set[int] = set()
        self._hopeless: set[int] = set()

    def show(self, file: IO[bytes], name: str) -> None:
        """The trace ``file``; TraceError, after what can be shown, where it is damaged."""
        source = Source(file, name)
        start = self._sink.quick_start
        self._report = self._code.jsonl_report_new(start is not None, start or 0.0)
        try:
            self._show_lines(source)
        finally:
            self._code.jsonl_report_flush(self._report)
            try:
                self._take_text()
            finally:
                self._code.jsonl_report_free(self._report)
                self._once.clear()
                self._hopeless.clear()

    def _show_lines(self, source: Source) -> None:
        data = b""
        while chunk := source.chunk(CHUNK):
            data += chunk
            data = data[self._show_whole_lines(source, data) :]
            self._take_text()
            self._progress.reach(source.events)
        if data:
            self._show_line(source, data)

    def _show_whole_lines(self, source: Source, data: bytes) -> int:
        """All that have their end; how many bytes they are."""
        start = ctypes.cast(ctypes.c_char_p(data), ctypes.c_void_p).value or 0
        at, count = 0, ctypes.c_uint64()
        while True:
            size = self._code.jsonl_report_run(self._report, start + at, len(data) - at, count)
            source.pass_over(count.value, size)
            at += size
            end = data.find(b"\n", at) + 1
            if not end and len(data) - at <= MAX_LINE:
                return at
            self._show_line(source, data[at : end or None])
            at = end or len(data)

    def _show_line(self, source: Source, line: bytes) -> None:
        """One that is not known: by the sink; then see whether more of its like can do without."""
        event = source.event(line)
        flags = self._flags(event)
        self._add(event, flags)
        if not flags & NO_END:
            for sink in self._others:
                sink.finished(event)
        if not self._code.jsonl_cut(line, len(line.removesuffix(b"\n")), self._cut):
            self._learn(line, flags)

    def _flags(self, event: Event) -> int:
        flags = self._sink.quick_flags
        if event.source == "ring":
            flags |= AT_ONCE
        event.over = False
        if not self._filter.verdict(event):
            flags |= NO_ENTRY
        event.over = True
        return flags if self._filter.final_verdict(event) else flags | NO_END

    def _add(self, event: Event, flags: int) -> None:
        duration = event.duration
        time, lasted = round(event.time, 6), round(duration or 0, 6)
        end = math.nan if duration is None else event.time + duration
        resumed = round(time + lasted, 6)
        sections = [section.encode() for section in self._sink.quick_sections(event)]
        call = _Call(event.time, end, time, resumed, event.seq, flags, tuple(map(len, sections)))
        if self._code.jsonl_report_add(self._report, call, b"".join(sections)):
            raise MemoryError

    def _learn(self, line: bytes, flags: int) -> None:
        key = hash(bytes(self._cut.key[: self._cut.key_size]))
        if key in self._hopeless:
            return
        if key not in self._once:
            if len(self._once) >= MAX_ONCE:
                self._once.clear()
            self._once.add(key)
        elif not self._teach(line, flags):
            if len(self._hopeless) >= MAX_ONCE:
                self._hopeless.clear()
            self._hopeless.add(key)

    def _teach(self, line: bytes, flags: int) -> bool:
        first, second = (self._example(line, Random(seed)) for seed in (1, 2))
        pieces = taken_apart(first)
        if put_together(pieces, second.values) != second.sections:
            return False
        template = b"".join(map(_packed, pieces))
        return len(template) <= MAX_TEMPLATE and not self._code.jsonl_report_learn(
            self._report, self._cut, flags, template, len(template)
        )

    def _example(self, line: bytes, random: Random) -> "Example":
        """The line with other numbers in its holes, and what the sink writes of it."""
        parts, values, done = [], {}, 0
        for number, hole in enumerate(self._cut.hole[: self._cut.holes], 1):
            value = _telling(hole.kind, random)
            if hole.kind == HEX:  # an address stays as far from an aligned one
                last = int(line[hole.at + hole.size - 1 : hole.at + hole.size], 16)
                value = value[:-1] + random.choice(_LIKE[(last | 8) & -(last | 8)])
            parts += [line[done : hole.at], value.encode()]
            done = hole.at + hole.size
            is_micros = hole.kind == DURATION and not self._sink.quick_flags & BARE
            values[value] = MICROS if is_micros else number
        source = Source(BytesIO(), "an example")
        event = source.event(b"".join([*parts, line[done:]]))
        return Example(self._sink.quick_sections(event), values)

    def _take_text(self) -> None:
        size, start = ctypes.c_size_t(), ctypes.c_double()
        text = self._code.jsonl_report_text(self._report, size)
        if text is None:
            raise MemoryError
        if self._code.jsonl_report_started(self._report, start):
            self._sink.quick_start = start.value
        if size.value:
            self._sink.quick_text(ctypes.string_at(text, size.value).decode())


class Example(NamedTuple):
    """Sections of a sink, and the hole of each number that stands in them."""

    sections: Sections
    values: dict[str, int]


class Piece(NamedTuple):
    """Text in a section, and the hole behind it (0: none)."""

    section: int
    text: str
    hole: int


def _telling(kind: int, random: Random) -> str:
    """A number that nothing else in a line looks like."""
    if kind == HEX:  # no decimal number is in it
        pairs = (f"{random.randrange(10, 16):x}{random.randrange(10)}" for _ in range(8))
        return "0x" + "".join(pairs)
    if kind in (TIME, DURATION):
        return f"{random.randrange(10**9, 2 * 10**9)}.{random.randrange(10**5) * 10 + 1:06}"
    return str(random.randrange(10**14, 10**15))


def taken_apart(example: Example) -> list[Piece]:
    """The sections in pieces around the example's numbers."""
    numbers = re.compile("|".join(map(re.escape, example.values)))
    pieces = []
    for section, text in enumerate(example.sections):
        done = 0
        for match in numbers.finditer(text):
            pieces.append(Piece(section, text[done : match.start()], example.values[match[0]]))
            done = match.end()
        pieces.append(Piece(section, text[done:], 0))
    return pieces


def put_together(pieces: list[Piece], values: dict[str, int]) -> Sections:
    """The sections with another example's numbers in the holes."""
    written = {hole: value for value, hole in values.items()} | {0: ""}
    sections = [""] * 5
    for section, text, hole in pieces:
        sections[section] += text + written[hole]
    return tuple(sections)


def _packed(piece: Piece) -> bytes:
    text = piece.text.encode()
    return _PIECE.pack(piece.hole, piece.section, len(text)) + text
