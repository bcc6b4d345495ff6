# SPDX-License-Identifier: BSD-3-Clause
"""Shows the events of a file to sinks in the order in which a live trace would have.

A file has calls in the order of their ends, ``seq`` is the order of their entries, and the times tell
how the two interleave. Not quite the live order: entries of calls that end more than
LOOKAHEAD lines later are not seen in time (such a call's line is printed when it ends, as a whole);
an unfinished call has no end, and counts as ended when the call before it in the file did; and two
things within a microsecond may change places.
"""

import heapq
from collections import deque
from typing import Iterable, Iterator, Sequence

from acrn_trace.errors import TraceError
from acrn_trace.event import Event
from acrn_trace.filters import Filter
from acrn_trace.sinks import Sink

LOOKAHEAD = 1024  # events


class Playback:
    """Plays events to ``sinks``, those that the filter selects."""

    def __init__(self, selected: Filter, sinks: Sequence[Sink]) -> None:
        self._filter = selected
        self._sinks = sinks

    def play(self, events: Iterable[Event]) -> None:
        """All of them; a TraceError of the source comes after what it gave has been shown."""
        if any(type(sink).entered is not Sink.entered for sink in self._sinks):
            for event, is_over in in_live_order(events):
                event.over = is_over
                if is_over:
                    self._finish(event)
                elif self._filter.verdict(event):
                    for sink in self._sinks:
                        sink.entered(event)
        else:
            for event in events:
                event.over = True
                self._finish(event)

    def _finish(self, event: Event) -> None:
        if self._filter.final_verdict(event):
            for sink in self._sinks:
                sink.finished(event)


def in_live_order(events: Iterable[Event]) -> Iterator[tuple[Event, bool]]:
    """Each event twice: when it was made (False) and when it was over (True)."""
    order = _Order()
    failure = None
    try:
        for event in events:
            order.add(event)
            if len(order) > LOOKAHEAD:
                yield from order.first_end()
    except TraceError as error:
        failure = error
    while order:
        yield from order.first_end()
    if failure:
        raise failure


class _Order:
    """The events that are held back, by their ends and by their entries."""

    def __init__(self) -> None:
        self._ends: deque[Event] = deque()
        self._entries: list[tuple[int, int, Event]] = []
        self._added = 0
        self._now = 0.0

    def __len__(self) -> int:
        return len(self._ends)

    def add(self, event: Event) -> None:
        self._added += 1  # so that two of one seq are not compared
        self._ends.append(event)
        heapq.heappush(self._entries, (event.seq, self._added, event))

    def first_end(self) -> Iterator[tuple[Event, bool]]:
        """The next call that ends, after all that were made before it ended."""
        ending = self._ends.popleft()
        if ending.duration is None:
            self._now = max(self._now, ending.time)
        else:
            self._now = ending.time + ending.duration
        while self._entries:
            _, _, event = self._entries[0]
            if event.time >= self._now and event.seq > ending.seq:
                break
            heapq.heappop(self._entries)
            yield event, False
        yield ending, True
