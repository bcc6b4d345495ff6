# SPDX-License-Identifier: BSD-3-Clause
"""Reads a guest's rings (cstub/reader/ring.c) over any memory: a stub's, a dump's."""

import ctypes
from typing import Any, Callable

from acrn_trace.bindings.library import Counters, RingsInC, library
from acrn_trace.bindings.source import ReadMemory, Source
from acrn_trace.guest.memory import Unreadable
from acrn_trace.rings.format import HEADER_SIZE, RingHeader


class Rings:
    """The rings whose header is at the virtual ``address``; NotARing if there are none.

    ``in_c`` is for functions in C, to be called through ``call``.
    """

    def __init__(self, read: ReadMemory, address: int, header: RingHeader | None = None) -> None:
        """``header`` is to be believed rather than what memory has, if it is given."""
        self.address = address
        self.header = header or RingHeader.parse(read(address, HEADER_SIZE))
        words = (ctypes.c_uint64 * 16).from_buffer_copy(self.header.pack())
        # Where GDB was told that the header is; what it says itself may not be written yet.
        self._source = Source(read)
        read_in_c = ctypes.cast(library().callback_read, ctypes.c_void_p)
        context = ctypes.addressof(self._source.in_c)
        self.in_c = RingsInC(read_in_c, context, address, 0, words)

    def call(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """What a function in C answers, which reads these rings."""
        with self._source:
            return function(*arguments)

    @property
    def unreadable(self) -> Unreadable:
        """Why memory could not be read, the last time that it could not."""
        return self._source.unreadable

    def counters(self) -> list[Counters]:
        """Of each ring, now; Unreadable."""
        return [self._counters(ring) for ring in range(self.header.ring_count)]

    def newest_entry(self) -> int:
        """The TSC at the entry of the newest call, by a look at the last of each ring; 0: none."""
        entry = ctypes.c_uint64()
        if not self.call(library().contents_newest, self.in_c, entry):
            raise self.unreadable
        return entry.value

    def _counters(self, ring: int) -> Counters:
        now = Counters()
        if not self.call(library().ring_counters, self.in_c, ring, now):
            raise self.unreadable
        return now
