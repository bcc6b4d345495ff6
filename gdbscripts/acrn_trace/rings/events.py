# SPDX-License-Identifier: BSD-3-Clause
"""Makes a record that a guest wrote the event that it is, as C decodes it.

What a record does not say is None in the event; memory is what was captured then, never what is
there now.
"""

import struct
from ctypes import Structure, byref, c_char, c_char_p, c_int, c_uint16, c_uint32, c_uint64, c_void_p
from typing import Mapping

from acrn_trace.base.errors import TraceError
from acrn_trace.guest.memory import Unreadable
from acrn_trace.guest.site import Site
from acrn_trace.rings.format import CAPTURED_IN, CAPTURED_OUT, RECORD, RingHeader
from acrn_trace.rings.library import library
from acrn_trace.rings.recording import event_in
from acrn_trace.tables.calls import Argument, CallTable
from acrn_trace.tables.built import table_for
from acrn_trace.tables.knowledge import Knowledge
from acrn_trace.tables.layouts import Struct
from acrn_trace.trace.event import Event
from acrn_trace.trace.structures import Structures, Tree

UNKNOWN_HZ = 10**9  # as which a counter of unknown speed is shown, and that is said
ROOM = 1 << 16  # bytes for an event's line of JSONL, if none takes more
MOST_ROOM = 1 << 26
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
        self._code = library()
        self._knowledge, self._header, self._sites = knowledge, header, sites
        self.hz = tsc_hz or UNKNOWN_HZ
        self._table = table_for(knowledge)  # which C goes on reading
        self._decoder = c_void_p(self._code.raw_decoder_new(self._table, len(self._table)))
        if not self._decoder:
            raise TraceError("the call table cannot be used to decode the records of a ring")
        layout = _Layout(*(getattr(header, name) for name, _ in _Layout._fields_))
        self._record = _RawRecord(layout=layout, hz=self.hz, is_dump=source == "dump")
        self._room = (c_char * ROOM)()

    def __del__(self) -> None:
        if getattr(self, "_decoder", None):
            self._code.raw_decoder_free(self._decoder)

    @property
    def table(self) -> CallTable:
        return self._knowledge.table

    def event(self, raw: bytes, ring: int, seq: int, overwritten: bool = False) -> Event:
        """The event of one record; ``seq`` is the event's own, in order of the trace."""
        record, site = self._record, self._site(raw)
        record.bytes, record.seq, record.ring = raw, seq, ring
        record.is_overwritten = overwritten
        record.file, record.function = _text(site.file), _text(site.function)
        record.line = site.line or 0
        event = event_in(self._line())
        event.site = site
        return event

    def _site(self, raw: bytes) -> Site:
        address = self._header.site(RECORD.unpack_from(raw)[7])
        return self._sites.get(address) or Site(address)

    def _line(self) -> bytes:
        """The event as C writes it, however long."""
        while True:
            room = len(self._room)
            size = self._code.raw_record_json(self._decoder, byref(self._record), self._room, room)
            if size:
                return self._room[:size]
            if room >= MOST_ROOM:
                raise TraceError("a record of the ring has a call that is too long to be shown")
            self._room = (c_char * (4 * room))()

    def structure(self, argument: Argument, data: bytes | None) -> Tree | None:
        """The tree of a structure of which no more than ``data`` is known."""
        types = self._knowledge.types
        kind = types.type_named(argument.type or "")
        if argument.kind != "PTR" or not isinstance(kind, Struct) or not data:
            return None
        return bare(Structures(types).beginning(kind, data, NotRecorded()))


def _text(text: str | None) -> bytes | None:
    return text.encode("utf-8", "replace") if text else None


class NotRecorded:
    """Memory that is not the captured structure's."""

    def read(self, address: int, size: int) -> bytes:
        raise Unreadable("not recorded")


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


def bare(tree: Tree) -> Tree:
    """The tree with a plain address where it leads to what was not recorded."""
    if isinstance(tree, dict):
        if "unreadable" in tree:
            return tree["address"]
        for key, value in tree.items():
            tree[key] = bare(value)
        return tree
    return [bare(value) for value in tree] if isinstance(tree, list) else tree
