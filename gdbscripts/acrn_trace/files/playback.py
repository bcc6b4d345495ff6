# SPDX-License-Identifier: BSD-3-Clause
"""Shows the events of a file to sinks in the order in which a live trace would have.

A file has calls in the order of their ends; ``time`` and ``seq`` have that of their entries. The
result is not quite the live order: an entry is not seen in time when its call ends more than
LOOKAHEAD lines later (the call's line is then printed when it ends, as a whole); an unfinished call
has no end, and counts as ended with those unfinished behind it in the file; and two things within a
microsecond may change places.

A call from a ring is shown as a whole, in the order of the file: a million of them a second, from
vCPUs that were not stopped for it, would each be in two pieces.
"""

import heapq
from collections import deque
from itertools import takewhile
from math import inf, nextafter
from typing import Iterable, Iterator, Sequence

from acrn_trace.base.errors import TraceError
from acrn_trace.trace.event import Event
from acrn_trace.trace.filters import Filter
from acrn_trace.trace.sink import Sink

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
    """Each event twice: when it was made (False) and when it was over (True).

    One from a ring once, when it was over.
    """
    order = _Order()
    failure = None
    try:
        for event in events:
            if event.source == "ring":
                while order:
                    yield from order.first_end()
                yield event, True
                continue
            order.add(event)
            if len(order) > LOOKAHEAD:
                yield from order.first_end()
    except TraceError as error:
        failure = error
    while order:
        yield from order.first_end()
    if failure:
        raise failure


def in_entry_order(events: Iterable[Event]) -> Iterator[Event]:
    """Each event once, in the order in which the calls were made; those of a ring in the file's."""
    for event, is_over in in_live_order(events):
        if is_over == (event.source == "ring"):
            yield event


class _Order:
    """The events that are held back, by their ends and by their entries."""

    def __init__(self) -> None:
        self._ends: deque[tuple[int, Event]] = deque()
        self._entries: list[tuple[float, int, int, Event]] = []
        self._entered: set[int] = set()
        self._added = 0
        self._now = 0.0
        self._in_run = False

    def __len__(self) -> int:
        return len(self._ends)

    def add(self, event: Event) -> None:
        self._added += 1  # so that two of one time and seq are not compared
        self._ends.append((self._added, event))
        heapq.heappush(self._entries, (event.time, event.seq, self._added, event))

    def first_end(self) -> Iterator[tuple[Event, bool]]:
        """The next call that ends, after all that were made before it ended."""
        number, ending = self._ends.popleft()
        self._now = self._end_of(ending)
        while number not in self._entered or self._entries and self._entries[0][0] < self._now:
            _, _, entered, event = heapq.heappop(self._entries)
            self._entered.add(entered)
            yield event, False
        self._entered.remove(number)
        self._in_run = ending.duration is None
        yield ending, True

    def _end_of(self, ending: Event) -> float:
        """When it ended. Unfinished ones in a row ended together, after the last of them began."""
        if ending.duration is not None:
            return ending.time + ending.duration
        now = max(self._now, nextafter(ending.time, inf))
        if not self._in_run:
            for _, event in takewhile(lambda held: held[1].duration is None, self._ends):
                now = max(now, nextafter(event.time, inf))
        return now
