# SPDX-License-Identifier: BSD-3-Clause
"""Learns the text of a recording, which cstub/reader/report.c then writes fast.

The C code knows no calls. It copies templates (text_template.py), one for all records that differ
in numbers alone which are shown as they are (record_fields.py). These are learned here, when such a
record comes for the second time. A record that no template is for is shown by the sink itself.
"""

import ctypes
import io
import struct
from typing import IO, Sequence

from acrn_trace.base.errors import TraceError
from acrn_trace.base.output import Output
from acrn_trace.base.places import REPORT_LIBRARY
from acrn_trace.base.text import printable
from acrn_trace.files.record_fields import Kind, NumberField, RecordLayout, kind_of, layout_of
from acrn_trace.files.text_template import Numbers, learn, packed
from acrn_trace.rings.events import RecordDecoder
from acrn_trace.rings.format import RingHeader
from acrn_trace.rings.recording import Batch, Recording
from acrn_trace.sinks.text import TextSink
from acrn_trace.tables.knowledge import Knowledge
from acrn_trace.trace.event import Event
from acrn_trace.trace.rendering import Renderer
from acrn_trace.trace.sink import Sink

ROOM = 1 << 20
MAX_LAYOUTS = 128  # REPORT_LAYOUTS
MAX_SEEN = 4096
MAX_SECONDS = 1e9  # past it a float has no microseconds
DONE, UNKNOWN = 0, 2  # enum report_why

_FIELD = struct.Struct("<HBBHH")


class _Cursor(ctypes.Structure):
    _fields_ = [("at", ctypes.c_void_p), ("end", ctypes.c_void_p)]


def library() -> ctypes.CDLL | None:
    """The C code, or None where it was not built."""
    try:
        code = ctypes.CDLL(str(REPORT_LIBRARY))
    except OSError:
        return None
    pointer, number = ctypes.c_void_p, ctypes.c_uint32
    text, status, micros = ctypes.c_char_p, ctypes.c_int, ctypes.c_int64
    answers = [ctypes.POINTER(number), ctypes.POINTER(number)]
    for name, result, arguments in (
        ("new", pointer, [ctypes.c_uint64, number, number]),
        ("free", None, [pointer]),
        ("start", None, [pointer, micros, status]),
        ("started", micros, [pointer]),
        ("layout", status, [pointer, text, text, text, number]),
        ("learn", status, [pointer, text, text, number]),
        (
            "run",
            ctypes.c_size_t,
            [pointer, ctypes.POINTER(_Cursor), number, pointer, ctypes.c_size_t, *answers],
        ),
    ):
        function = getattr(code, f"report_{name}")
        function.restype, function.argtypes = result, arguments
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
        self._renderer = Renderer(knowledge.table, knowledge.types, verbose)
        self._room = ctypes.create_string_buffer(ROOM)
        self._report: int | None = None
        self._shown = 0
        self._seen: set[int] = set()
        self._layouts: dict[Kind, RecordLayout] = {}

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
        header = recording.header
        self._forget()
        self._report = self._code.report_new(
            recording.decoder.hz, header.record_size, header.capture_offset
        )
        self._seen.clear()
        self._layouts.clear()
        self._set_start()

    def _set_start(self) -> None:
        start = self._stamps.start
        if start is not None:
            self._code.report_start(self._report, round(start * 1e6), self._stamps.is_relative)

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
                self._stamps.start = self._code.report_started(self._report) / 1e6
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
        self._set_start()
        times = (self._stamps.start, event.time, event.duration)
        if all(time is not None and time < MAX_SECONDS for time in times):
            self._learn(recording, raw, event)

    def _learn(self, recording: Recording, raw: bytes, event: Event) -> None:
        assert recording.header
        layout = self._layout(recording, recording.header, raw)
        compared = hash((kind_of(recording.header, raw), _number(raw) & layout.mask))
        if compared in self._seen:
            self._teach(recording.decoder, raw, layout.fields, event)
        elif len(self._seen) < MAX_SEEN:
            self._seen.add(compared)
        else:
            self._seen = {compared}

    def _layout(self, recording: Recording, header: RingHeader, raw: bytes) -> RecordLayout:
        kind = kind_of(header, raw)
        if kind in self._layouts:
            return self._layouts[kind]
        if len(self._layouts) == MAX_LAYOUTS:
            self._begin(recording)
        layout = self._layouts[kind] = layout_of(self._knowledge, header, raw)
        mask = layout.mask.to_bytes(len(raw), "little")
        fields = _packed_fields(layout.fields, len(raw))
        self._code.report_layout(self._report, raw, mask, fields, len(layout.fields))
        return layout

    def _teach(
        self, decoder: RecordDecoder, raw: bytes, fields: list[NumberField], event: Event
    ) -> None:
        """Teach the text of records that look like ``raw``, whatever their numbers are."""
        values = tuple(one.of(_number(raw)) for one in fields)
        own = Numbers(round(event.time * 1e6), round((event.duration or 0) * 1e6), values)
        pieces = learn(lambda numbers: self._shown_with(decoder, raw, fields, numbers), fields, own)
        if pieces:
            template = packed(pieces)
            self._code.report_learn(self._report, raw, template, len(template))

    def _shown_with(
        self, decoder: RecordDecoder, raw: bytes, fields: list[NumberField], numbers: Numbers
    ) -> str:
        """The sink's text of ``raw`` with other numbers in it."""
        record = _number(raw)
        for one, value in zip(fields, numbers.values):
            record = record & ~one.mask | value << one.bit
        other = record.to_bytes(len(raw), "little")
        entry = _ticks(numbers.time, decoder.hz)
        leave = entry + _ticks(numbers.duration, decoder.hz)
        other = other[:8] + struct.pack("<QQ", entry, leave) + other[24:]
        stream, stamps = io.StringIO(), self._stamps.like()
        stamps.stamp(0.0)
        sink = TextSink(Output(stream, "memory", False), self._renderer, True, stamps)
        sink.finished(decoder.event(other, 0, 0))
        return stream.getvalue()

    def _say_late(self, recording: Recording) -> None:
        """Losses behind the last call: as findings of it, whose line is written already."""
        late = recording.take_findings()
        if late and not self._shown:
            raise TraceError(f"there is no call in the recording: {late[0].text}")
        for finding in late:
            self._output.write(printable(f"!! {finding.text}") + "\n")


def _number(raw: bytes) -> int:
    """A record as layouts have it."""
    return int.from_bytes(raw, "little")


def _packed_fields(fields: Sequence[NumberField], record_size: int) -> bytes:
    """As struct report_field, one after the other."""
    places = {one.bit: index for index, one in enumerate(fields)}
    data = b""
    for one in fields:
        at = min(one.bit // 8, record_size - 8)
        twin = places[one.bit if one.twin is None else one.twin]
        data += _FIELD.pack(at, one.bit - 8 * at, one.bits, twin, one.low)
    return data


def _ticks(micros: int, hz: int) -> int:
    """The least count of ticks that is as many microseconds."""
    return -(-micros * hz // 10**6)
