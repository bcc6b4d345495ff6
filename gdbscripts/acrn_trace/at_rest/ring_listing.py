# SPDX-License-Identifier: BSD-3-Clause
"""Prints the calls that the rings of a guest at rest have, as text or JSONL.

What a structure held is what the record captured at the call; what memory holds now stands beside
it where that differs.
"""

import argparse
from collections import deque
from typing import IO, Iterable, Iterator, Mapping

from acrn_trace.at_rest.memory_now import MemoryNow
from acrn_trace.at_rest.postmortem import Postmortem
from acrn_trace.base.errors import TraceError
from acrn_trace.base.output import Output
from acrn_trace.base.text import printable
from acrn_trace.guest.memory import Unreadable
from acrn_trace.guest.site import Site
from acrn_trace.guest.snapshot import STUB
from acrn_trace.rings.events import UNKNOWN_HZ, RecordDecoder
from acrn_trace.rings.format import RECORD, UNKNOWN_VCPU
from acrn_trace.rings.ring_contents import Kept, RingContents, summary_lines, tally_lines
from acrn_trace.sinks.jsonl import JsonlSink
from acrn_trace.sinks.text import TextSink
from acrn_trace.tables.knowledge import Knowledge
from acrn_trace.trace.event import Event
from acrn_trace.trace.rendering import Renderer
from acrn_trace.trace.sink import Sink

NOW = "now"  # in an event of JSONL: argument to what differs in memory now
MAX_VCPUS = 4096  # of whose calls the last ones are kept apart


class RingListing:
    """The rings of one guest at rest; TraceError if there are none that can be read."""

    def __init__(self, found: Postmortem, knowledge: Knowledge, sites: Mapping[int, Site]) -> None:
        ring = found.ring
        if ring is None:
            raise TraceError(found.ring_fault or "the guest has no ring")
        self._found, self._ring, self._knowledge = found, ring, knowledge
        header = ring.rings.header
        source = "ring" if found.snapshot.kind == STUB else "dump"
        known = sites if found.match.is_there else {}
        self._decoder = RecordDecoder(knowledge, header, known, header.tsc_khz * 1000, source)
        self._now = MemoryNow(knowledge, header, found.snapshot.physical)

    def show(
        self, options: argparse.Namespace, stream: IO[str], name: str = "the terminal"
    ) -> None:
        """Print what ``options`` ask for."""
        output = Output(stream, name, interactive=False)
        renderer = Renderer(self._knowledge.table, self._knowledge.types)
        sink: Sink = JsonlSink(output) if options.json else TextSink(output, renderer)
        for line in self._head():
            sink.notice(line)
        try:
            contents = RingContents(self._ring.rings, by_time=True)
            for seq, kept in enumerate(last_of_each(contents, options.count)):
                event = self._event(kept, seq)
                sink.finished(event)
                if not options.json and NOW in event.more:
                    output.write(printable(f"    now: {_now_text(renderer, event)}") + "\n")
        except Unreadable as why:
            raise TraceError(f"the ring cannot be read: {why}") from None
        for line in tally_lines(contents.tallies()):
            sink.notice(line)
        sink.close()

    def _event(self, kept: Kept, seq: int) -> Event:
        event = self._decoder.event(kept.raw, kept.ring, seq)
        now = self._now.beside(event, kept.raw) if self._is_contiguous() else {}
        if now:
            event.more[NOW] = now
        return event

    def _is_contiguous(self) -> bool:
        """Whether a guest-physical address is one of the dump's, as far as the ring tells."""
        said = self._ring.rings.header.header_physical
        return self._ring.physical is None or said in (0, self._ring.physical)

    def _head(self) -> Iterator[str]:
        header = self._ring.rings.header
        yield f"the ring at {self._ring.virtual:#x}, found {self._ring.how}"
        yield from self._ring.notes
        for other in self._found.rings[1:]:
            yield f"another is at guest-physical {other.physical:#x}: a copy, or an old one"
        yield from summary_lines(self._ring.rings)
        if self._found.image and not self._found.match.is_there:
            yield "the image is not the one that ran: its sites are not used"
        if not header.tsc_khz:
            yield f"the guest does not say how fast its counter is: shown as {UNKNOWN_HZ:.0e} Hz"
        if header.capture_offset:
            yield "structures are as of each call; 'now:' is what differs in memory since"
        else:
            yield "structures were not recorded; 'now:' is what memory holds where they were"


def last_of_each(calls: Iterable[Kept], count: int | None) -> Iterable[Kept]:
    """The last ``count`` calls of each vCPU, in their order; all if that is None."""
    if count is None:
        return calls
    last: dict[tuple[int, int], deque[Kept]] = {}
    for kept in calls:
        vcpu = RECORD.unpack_from(kept.raw)[8]
        key = (vcpu, kept.ring if vcpu == UNKNOWN_VCPU or len(last) >= MAX_VCPUS else 0)
        last.setdefault(key, deque(maxlen=count)).append(kept)
    return sorted((kept for few in last.values() for kept in few), key=lambda kept: kept.entry)


def _now_text(renderer: Renderer, event: Event) -> str:
    parts = event.more[NOW].items()
    return ", ".join(f"{name}={renderer.tree(tree, name)}" for name, tree in parts)
