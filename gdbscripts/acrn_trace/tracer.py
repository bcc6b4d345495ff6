# SPDX-License-Identifier: BSD-3-Clause
"""The flow itself: a stop comes in, an event goes to the sinks."""

from typing import Iterable

from acrn_trace.decode import Decoder
from acrn_trace.event import Event
from acrn_trace.filters import Filter
from acrn_trace.pairing import Call, Pairing
from acrn_trace.sinks import Sink
from acrn_trace.sites import Point
from acrn_trace.stops import Stop


class Tracer:
    """Pairs stops, decodes calls, and shows to the sinks those that the filter selects."""

    def __init__(
        self, pairing: Pairing, decoder: Decoder, selected: Filter, sinks: Iterable[Sink]
    ) -> None:
        self._pairing = pairing
        self._decoder = decoder
        self._filter = selected
        self._sinks = list(sinks)
        self._events: dict[int, Event] = {}
        self.calls = 0
        self.finding_kinds: set[str] = set()
        self.clobber: str | None = None  # what the call did that returned at the latest stop

    def on_stop(self, stop: Stop, point: Point) -> None:
        """A vCPU stopped at ``point``. Where one call returns and another begins, in that order."""
        self.clobber = None
        if point.returns_from:
            call = self._pairing.leave(stop, point.returns_from)
            if call:
                self._finish(call)
        if point.enters:
            for call in self._pairing.settle(stop):
                self._finish(call)
            abandoned = self._pairing.superseded(stop, point.enters)
            if abandoned:
                self._finish(abandoned)
            entered = self._pairing.enter(stop, point.enters)
            if entered:
                self._enter(entered)

    def in_flight(self) -> list[Event]:
        """The events of the calls that have not returned, in entry order."""
        return [self._events[call.seq] for call in self._pairing]

    def end_calls(self) -> list[Event]:
        """No call in flight will return (the guest died, was reset, or is no longer watched)."""
        return [self._finish(call) for call in self._pairing.end()]

    def close(self) -> None:
        self.end_calls()
        for sink in self._sinks:
            sink.close()

    def _enter(self, call: Call) -> None:
        event = self._decoder.entered(call)
        self._events[call.seq] = event
        if self._filter.verdict(event):
            for sink in self._sinks:
                sink.entered(event)

    def _finish(self, call: Call) -> Event:
        event = self._decoder.finished(self._events.pop(call.seq), call)
        if self._filter.final_verdict(event):
            self.calls += 1
            self.finding_kinds |= {finding.kind for finding in event.findings}
            if event.clobbered:
                names = ", ".join(event.clobbered)
                self.clobber = f"{event.name} changed {names}, at {event.site}"
            for sink in self._sinks:
                sink.finished(event)
        return event
