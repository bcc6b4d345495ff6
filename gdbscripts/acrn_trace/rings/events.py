# SPDX-License-Identifier: BSD-3-Clause
"""Makes a record that a guest wrote the event that it is, as C decodes it.

What a record does not say is None in the event; memory is what was captured then, never what is
there now.
"""

import struct
from ctypes import Structure, c_char_p, c_int, c_uint16, c_uint32, c_uint64
from typing import Mapping

from acrn_trace.bindings.calls import DecoderInC, text_in_c
from acrn_trace.bindings.library import library
from acrn_trace.guest.site import Site
from acrn_trace.rings.format import CAPTURED_IN, CAPTURED_OUT, RECORD, RingHeader
from acrn_trace.rings.recording import event_in
from acrn_trace.tables.built import table_for
from acrn_trace.tables.calls import CallTable
from acrn_trace.tables.knowledge import Knowledge
from acrn_trace.trace.event import Event

UNKNOWN_HZ = 10**9  # as which a counter of unknown speed is shown, and that is said
_CAPTURE = struct.Struct("<HHxxxx")


class _Layout(Structure):
    """struct ring_layout."""

    _names = ("capture_offset", "capture_bytes", "changed_offset", "changed_slots")
    _fields_ = [
        ("header_virtual", c_uint64),
        ("record_size", c_uint32),
        *((name, c_uint16) for name in _names),
    ]


class _RawRecord(Structure):
    """struct raw_record."""

    _fields_ = [
        ("layout", _Layout),
        ("bytes", c_char_p),
        ("hz", c_uint64),
        ("seq", c_uint64),
        ("ring", c_uint32),
        ("is_overwritten", c_int),
        ("is_dump", c_int),
        ("file", c_char_p),
        ("function", c_char_p),
        ("line", c_uint64),
    ]


class RecordDecoder:
    """Makes events of the records of rings with one ``header``."""

    def __init__(
        self,
        knowledge: Knowledge,
        header: RingHeader,
        sites: Mapping[int, Site],
        tsc_hz: int | None,
        source: str = "ring",
    ) -> None:
        self._knowledge, self._header, self._sites = knowledge, header, sites
        self.hz = tsc_hz or UNKNOWN_HZ
        self._decoder = DecoderInC(table_for(knowledge))
        layout = _Layout(*(getattr(header, name) for name, _ in _Layout._fields_))
        self._record = _RawRecord(layout=layout, hz=self.hz, is_dump=source == "dump")

    @property
    def table(self) -> CallTable:
        return self._knowledge.table

    def event(self, raw: bytes, ring: int, seq: int, overwritten: bool = False) -> Event:
        """The event of one record; ``seq`` is the event's own, in order of the trace."""
        record, site = self._record, self._site(raw)
        record.bytes, record.seq, record.ring = raw, seq, ring
        record.is_overwritten = overwritten
        record.file, record.function = text_in_c(site.file), text_in_c(site.function)
        record.line = site.line or 0
        event = event_in(self._decoder.written(library().raw_record_json, record))
        event.site = site
        return event

    def _site(self, raw: bytes) -> Site:
        address = self._header.site(RECORD.unpack_from(raw)[7])
        return self._sites.get(address) or Site(address)


def captures(header: RingHeader, raw: bytes) -> tuple[bytes | None, bytes | None]:
    """What the structure of the record ``raw`` held at the call and at the return."""
    offset, room = header.capture_offset, header.capture_bytes
    (flags,) = struct.unpack_from("<H", raw, RECORD.size - 2)
    if not offset or not flags & (CAPTURED_IN | CAPTURED_OUT):
        return None, None
    in_bytes, out_bytes = _CAPTURE.unpack_from(raw, offset)
    first = offset + _CAPTURE.size
    before = raw[first : first + min(in_bytes, room)]
    after = raw[first + room : first + room + min(out_bytes, room)]
    return (
        before if flags & CAPTURED_IN else None,
        after if flags & CAPTURED_OUT else None,
    )
