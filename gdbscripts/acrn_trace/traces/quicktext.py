# SPDX-License-Identifier: BSD-3-Clause
"""The text of a recording, a million calls a second and more, by cstub/reader/report.c.

The C code knows no calls. It copies templates, and those are learned here by example: what the text
sink makes of a record with telling times and arguments is taken apart where these stand, and proven
with a second example. A record that no template is for is shown by the sink itself.
"""

import ctypes
import io
import struct
from typing import IO, Iterator, NamedTuple

from acrn_trace.decoding.rendering import MAX_FIELDS, Renderer
from acrn_trace.errors import TraceError
from acrn_trace.installation import REPORT_LIBRARY
from acrn_trace.printable import printable
from acrn_trace.rings.recorded import RecordDecoder
from acrn_trace.rings.ringformat import CAPTURED_IN, CAPTURED_OUT, CHANGED, RECORD
from acrn_trace.sinks import Output, Sink
from acrn_trace.sinks.stamps import Stamps
from acrn_trace.sinks.text import TextSink
from acrn_trace.tables.calltable import Argument, Entry
from acrn_trace.tables.knowledge import Knowledge
from acrn_trace.tables.layouts import Scalar, Struct
from acrn_trace.traces.recording import Batch, Recording

ROOM = 1 << 20
MAX_SEEN = 4096
MAX_SECONDS = 1e9  # past it a float has no microseconds
MAX_NUMBERS = 64
LEAST_BITS = 16  # fewer make numbers that stand elsewhere in a line as well
DONE, UNKNOWN = 0, 2  # enum report_why
NOTHING, TIME, DURATION, DECIMAL, HEX = 0, 1, 2, 3, 5  # enum report_hole; the last two and one more
# Arguments that are shown as a number or an address whatever their value.
PLAIN = frozenset({"VALUE", "VMID", "PASS", "PTR", "ADDR"})
MASK64 = (1 << 64) - 1
LONGER = CHANGED | CAPTURED_IN | CAPTURED_OUT

_PIECE = struct.Struct("<BBBxI")
_BODY = 24  # what is before it in a record differs in each


class Example(NamedTuple):
    """Times (microseconds) and arguments that nothing else in a line looks like."""

    time: int
    duration: int
    arguments: tuple[int, int]


FIRST = Example(701_234_567_891, 31_415_926_535, (0xA1B2C3D4E5F6D718, 0x9F8E7D6C5B4AE931))
SECOND = Example(98_765_432, 27_182, (0x1029384756AFBE2D, 0x7A6B5C4D3E2FC0F1))


class Hole(NamedTuple):
    """Bits of an argument (0 or 1) that are shown as one number."""

    index: int
    shift: int
    bits: int

    @property
    def mask(self) -> int:
        return (1 << self.bits) - 1 << self.shift

    def of(self, example: Example) -> int:
        return (example.arguments[self.index] & self.mask) >> self.shift


NO_HOLE = Hole(0, 0, 1)


class _Cursor(ctypes.Structure):
    _fields_ = [("at", ctypes.c_void_p), ("end", ctypes.c_void_p)]


def library() -> ctypes.CDLL | None:
    """The C code, or None where it was not built."""
    try:
        code = ctypes.CDLL(str(REPORT_LIBRARY))
    except OSError:
        return None
    pointer, number = ctypes.c_void_p, ctypes.c_uint32
    code.report_new.argtypes, code.report_new.restype = [ctypes.c_uint64, number], pointer
    code.report_free.argtypes, code.report_free.restype = [pointer], None
    code.report_start.argtypes, code.report_start.restype = [pointer, ctypes.c_int64], None
    compare = [pointer, ctypes.c_uint64, ctypes.c_uint64, ctypes.c_uint64]
    code.report_compare.argtypes, code.report_compare.restype = compare, None
    learn = [pointer, ctypes.c_char_p, ctypes.c_char_p, number]
    code.report_learn.argtypes, code.report_learn.restype = learn, ctypes.c_int
    answers = [ctypes.POINTER(number), ctypes.POINTER(number)]
    run = [pointer, ctypes.POINTER(_Cursor), number, pointer, ctypes.c_size_t, *answers]
    code.report_run.argtypes, code.report_run.restype = run, ctypes.c_size_t
    return code


class QuickText:
    """Shows recordings with ``sink`` on ``output``; each event that it makes goes to ``others``."""

    def __init__(
        self,
        code: ctypes.CDLL,
        knowledge: Knowledge,
        sink: TextSink,
        output: Output,
        others: list[Sink],
        verbose: bool,
    ) -> None:
        self._code = code
        self._knowledge = knowledge
        self._sinks = [sink, *others]
        self._stamps = sink.stamps
        self._output = output
        self._renderer = Renderer(knowledge.table, knowledge.structures, verbose)
        self._room = ctypes.create_string_buffer(ROOM)
        self._report: int | None = None
        self._shown = 0
        self._seen: set[bytes] = set()
        self._holes: dict[int, list[Hole]] = {}

    def show(self, file: IO[bytes], name: str) -> None:
        """The recording ``file``; TraceError, after what can be shown, where it is damaged."""
        recording = Recording(file, name, self._knowledge)
        decoder: RecordDecoder | None = None
        self._shown = 0
        damage = None
        try:
            for batches in recording.passes():
                if recording.decoder is not decoder:
                    decoder = recording.decoder
                    self._begin(recording)
                self._show_pass(recording, batches)
        except TraceError as error:
            damage = error
        finally:
            self._forget()
        self._say_late(recording)
        if damage:
            raise damage

    def _begin(self, recording: Recording) -> None:
        assert recording.decoder and recording.header
        self._forget()
        self._report = self._code.report_new(recording.decoder.hz, recording.header.record_size)
        self._seen.clear()
        self._holes.clear()
        if self._stamps.start is not None:
            self._code.report_start(self._report, round(self._stamps.start * 1e6))

    def _forget(self) -> None:
        self._code.report_free(self._report)
        self._report = None

    def _show_pass(self, recording: Recording, batches: list[Batch]) -> None:
        cursors = (_Cursor * len(batches))()
        for cursor, batch in zip(cursors, batches):
            start = ctypes.cast(ctypes.c_char_p(batch.records), ctypes.c_void_p).value or 0
            cursor.at, cursor.end = start, start + len(batch.records)
        why, which = ctypes.c_uint32(UNKNOWN), ctypes.c_uint32(0)
        starts = [cursor.at for cursor in cursors]
        if not self._shown or recording.has_findings:  # what goes with the next call
            index = min(range(len(batches)), key=lambda i: batches[i].records[8:16][::-1])
            self._show_record(recording, batches[index], 0)
            cursors[index].at += recording.header.record_size
        while True:
            size = self._code.report_run(
                self._report, cursors, len(cursors), self._room, ROOM, why, which
            )
            if size:
                self._output.write(ctypes.string_at(self._room, size).decode())
            if why.value == DONE:
                return
            if why.value == UNKNOWN:
                index = which.value
                offset = cursors[index].at - starts[index]
                self._show_record(recording, batches[index], offset)
                cursors[index].at += recording.header.record_size

    def _show_record(self, recording: Recording, batch: Batch, offset: int) -> None:
        """One event, by the sinks; then see whether more of its like can do without."""
        assert recording.decoder and recording.header
        raw = batch.records[offset : offset + recording.header.record_size]
        event = recording.decoder.event(raw, batch.ring, self._shown, batch.overwritten)
        self._shown += 1
        if recording.has_findings:
            event.kin = None
            event.findings = event.findings + recording.take_findings()
        for sink in self._sinks:
            sink.finished(event)
        if self._stamps.start is not None:
            self._code.report_start(self._report, round(self._stamps.start * 1e6))
        times = (self._stamps.start, event.time, event.duration)
        if all(time is not None and time < MAX_SECONDS for time in times):
            self._learn(recording.decoder, raw)

    def _learn(self, decoder: RecordDecoder, raw: bytes) -> None:
        number, flags = RECORD.unpack_from(raw)[3], RECORD.unpack_from(raw)[9]
        if flags & LONGER:
            if raw[_BODY:] in self._seen:
                self._teach(decoder, raw, [])
            elif len(self._seen) < MAX_SEEN:
                self._seen.add(raw[_BODY:])
            else:
                self._seen = {raw[_BODY:]}
            return
        holes = self._holes.get(number)
        if holes is None:
            if len(self._holes) >= MAX_NUMBERS:
                self._holes.clear()
            holes = self._set_holes(number, self._holes_of(decoder.table.numbered(number)))
        if not self._teach(decoder, raw, holes) and holes:
            self._set_holes(number, [])  # what they are filled with does not always stand out

    def _set_holes(self, number: int, holes: list[Hole]) -> list[Hole]:
        self._holes[number] = holes
        masks = [MASK64, MASK64]
        for hole in holes:
            masks[hole.index] &= ~hole.mask
        self._code.report_compare(self._report, number, *masks)
        return holes

    def _holes_of(self, entry: Entry | None) -> list[Hole]:
        """The bits of a call's arguments that are shown as a number, whatever its value is."""
        if entry is None:
            return [Hole(0, 0, 64), Hole(1, 0, 64)]
        if entry.name in self._knowledge.results.failed_if:
            return []
        holes = []
        for index, argument in enumerate(entry.arguments):
            if argument.kind in PLAIN:
                holes.append(Hole(index, 0, argument.bits))
            elif argument.kind == "PACKED":
                holes += self._packed_holes(index, argument)
        return [hole for hole in holes if hole.bits >= LEAST_BITS]

    def _packed_holes(self, index: int, argument: Argument) -> Iterator[Hole]:
        structures = self._knowledge.structures
        struct = structures.type_named(argument.type or "")
        if not isinstance(struct, Struct) or len(struct.fields) > MAX_FIELDS:
            return  # of many fields those that are 0 are not shown
        for field in struct.fields:
            kind = field.type
            number = isinstance(kind, Scalar) and not kind.enum and not kind.signed
            if number and not structures.fields.of(struct.name, field.name).plain - {"HEX"}:
                yield Hole(index, field.bit_offset, field.bit_size)

    def _teach(self, decoder: RecordDecoder, raw: bytes, holes: list[Hole]) -> bool:
        """Teach the text of records like ``raw``, whatever is in the holes."""
        pieces = taken_apart(self._example(decoder, raw, FIRST, holes), FIRST, holes)
        proof = self._example(decoder, raw, SECOND, holes)
        if pieces is None or put_together(pieces, SECOND) != proof:
            return False
        template = b"".join(map(_packed, pieces))
        return self._code.report_learn(self._report, raw, template, len(template)) == 0

    def _example(
        self, decoder: RecordDecoder, raw: bytes, example: Example, holes: list[Hole]
    ) -> str:
        """The sink's text of ``raw`` with the example's times and its arguments in the holes."""
        fields = list(RECORD.unpack_from(raw))
        fields[1] = _ticks(example.time, decoder.hz)
        fields[2] = fields[1] + _ticks(example.duration, decoder.hz)
        for hole in holes:
            at = 4 + hole.index
            fields[at] = fields[at] & ~hole.mask | example.arguments[hole.index] & hole.mask
        stream, stamps = io.StringIO(), Stamps()
        stamps.stamp(0.0)
        sink = TextSink(Output(stream, "memory", False), self._renderer, True, stamps)
        sink.finished(decoder.event(RECORD.pack(*fields) + raw[RECORD.size :], 0, 0))
        return stream.getvalue()

    def _say_late(self, recording: Recording) -> None:
        """Losses behind the last call: as findings of it, whose line is written already."""
        late = recording.take_findings()
        if late and not self._shown:
            raise TraceError(f"there is no call in the recording: {late[0].text}")
        for finding in late:
            self._output.write(printable(f"!! {finding.text}") + "\n")


class Piece(NamedTuple):
    """Text, the kind of hole behind it, and what of an argument goes there."""

    text: str
    kind: int
    hole: Hole = NO_HOLE


def taken_apart(text: str, example: Example, holes: list[Hole]) -> list[Piece] | None:
    """The text in pieces around what the example put into it; None where that is not clear."""
    found = [
        (_seconds(example.time), TIME, NO_HOLE),
        (_seconds(example.duration), DURATION, NO_HOLE),
    ]
    for hole in holes:
        value = hole.of(example)
        forms = [(hex(value), HEX + hole.index, hole), (str(value), DECIMAL + hole.index, hole)]
        found += [form for form in forms if text.count(form[0])][:1]
    if any(text.count(form[0]) != 1 for form in found):
        return None
    pieces, done = [], 0
    for written, kind, hole in sorted(found, key=lambda form: text.index(form[0])):
        start = text.index(written)
        if start < done:
            return None
        pieces.append(Piece(text[done:start], kind, hole))
        done = start + len(written)
    return [*pieces, Piece(text[done:], NOTHING)]


def put_together(pieces: list[Piece], example: Example) -> str:
    """The text with another example's values in the holes."""
    text = ""
    for before, kind, hole in pieces:
        text += before
        if kind in (TIME, DURATION):
            text += _seconds(example.time if kind == TIME else example.duration)
        elif kind != NOTHING:
            text += hex(hole.of(example)) if kind >= HEX else str(hole.of(example))
    return text


def _packed(piece: Piece) -> bytes:
    data = piece.text.encode()
    return _PIECE.pack(piece.kind, piece.hole.bits, piece.hole.shift, len(data)) + data


def _seconds(micros: int) -> str:
    return f"{micros // 10**6}.{micros % 10**6:06}"


def _ticks(micros: int, hz: int) -> int:
    """The least count of ticks that is as many microseconds."""
    return -(-micros * hz // 10**6)
