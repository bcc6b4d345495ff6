# SPDX-License-Identifier: BSD-3-Clause
"""Shows records of rings in C (tests/c/shown_record.c), and as Python shows their events.

A record is shown three ways, FORMS: as JSON, as text, as text that leaves nothing out.
"""

import io
from ctypes import CDLL, POINTER, Structure, addressof, byref, c_char_p, c_int, c_size_t
from ctypes import c_uint16, c_uint32, c_uint64, c_void_p
from ctypes import create_string_buffer, pointer, string_at
from typing import NamedTuple

from acrn_trace.base.output import Output
from acrn_trace.guest.site import Site
from acrn_trace.rings.events import UNKNOWN_HZ
from acrn_trace.rings.format import RingHeader
from acrn_trace.rings.recording import event_in
from acrn_trace.sinks.jsonl import json_text
from acrn_trace.sinks.text import TextSink
from acrn_trace.tables.compiled import compiled
from acrn_trace.tables.knowledge import Knowledge
from acrn_trace.trace.event import Event
from acrn_trace.trace.rendering import Renderer
from helpers.guests import make
from helpers.tree import ROOT

LIBRARY = "build/tests/shown-record.so"
FORMS = ("json", "text", "verbose")
ROOM = 1 << 20  # bytes for what is shown of one record


class Record(NamedTuple):
    """What there is to show, and beside it what a recording says of it."""

    header: RingHeader
    raw: bytes
    ring: int = 0
    overwritten: bool = False
    seq: int = 0
    site: Site | None = None
    hz: int = UNKNOWN_HZ


class _Layout(Structure):
    _names = ("capture_offset", "capture_bytes", "changed_offset", "changed_slots")
    _fields_ = [
        ("header_virtual", c_uint64),
        ("record_size", c_uint32),
        *((name, c_uint16) for name in _names),
    ]

    @classmethod
    def of(cls, header: RingHeader) -> "_Layout":
        return cls(*(getattr(header, name) for name, _ in cls._fields_))


class _Shown(Structure):
    _fields_ = [
        ("table", c_void_p),
        ("layout", POINTER(_Layout)),
        ("bytes", c_char_p),
        ("size", c_uint64),
        ("hz", c_uint64),
        ("seq", c_uint64),
        ("ring", c_uint32),
        ("overwritten", c_int),
        ("file", c_char_p),
        ("function", c_char_p),
        ("line", c_uint64),
    ]


class InC:
    """By the table that ``knowledge`` is compiled to."""

    def __init__(self, knowledge: Knowledge) -> None:
        make(LIBRARY)
        library = CDLL(str(ROOT / LIBRARY))
        library.size_of_table.restype = c_size_t
        library.table_check.restype = c_char_p
        library.table_check.argtypes = [c_char_p, c_char_p, c_size_t]
        self._show = library.show_record
        self._show.restype = c_size_t
        self._show.argtypes = [POINTER(_Shown), c_int, c_char_p, c_size_t]
        self._bytes = compiled(knowledge)  # to which the table refers
        self._table = create_string_buffer(library.size_of_table())
        fault = library.table_check(self._table, self._bytes, len(self._bytes))
        assert fault is None, fault
        self._at = addressof(self._table)
        self._text = create_string_buffer(ROOM)

    def shown(self, record: Record) -> list[str]:
        site = record.site or Site(0)
        names = [name and name.encode() for name in (site.file, site.function)]
        place = *names, site.line or 0
        layout = _Layout.of(record.header)
        numbers = 0, record.hz, record.seq, record.ring, record.overwritten
        shown = _Shown(self._at, pointer(layout), record.raw, *numbers, *place)
        forms = [self._as(shown, form) for form in range(len(FORMS))]
        assert all(forms)
        return forms

    def json_of(self, raw: bytes) -> str:
        """A record of version 2 as JSON; nothing where the bytes are none."""
        return self.shown_as("json", raw)

    def shown_as(self, form: str, raw: bytes) -> str:
        """The same in any of FORMS."""
        return self._as(_Shown(self._at, None, raw, len(raw), UNKNOWN_HZ), FORMS.index(form))

    def _as(self, shown: _Shown, form: int) -> str:
        return string_at(self._text, self._show(byref(shown), form, self._text, ROOM)).decode()


class InPython:
    """Made of the JSON that C writes."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._knowledge = knowledge

    def shown(self, line: str) -> list[str]:
        event = event_in(line.encode())
        return [json_text(event) + "\n", *(self._text(event, v) for v in (False, True))]

    def _text(self, event: Event, verbose: bool) -> str:
        stream = io.StringIO()
        renderer = Renderer(self._knowledge.table, self._knowledge.types, verbose)
        TextSink(Output(stream, "nowhere", interactive=False), renderer).finished(event)
        return stream.getvalue()
