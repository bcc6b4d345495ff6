# SPDX-License-Identifier: BSD-3-Clause
"""Takes stops in, and sends events out: the flow of a trace::

    stop -> pairing -> call -> decoder -> event -> answering, checks -> dispatcher -> sinks
"""

from dataclasses import replace
from typing import Any, Iterable, Sequence

from acrn_trace.guest.foreign import magic_of
from acrn_trace.guest.site import Site, StopAddress
from acrn_trace.guest.stop import Stop
from acrn_trace.trace.answering import Answer, Answering
from acrn_trace.trace.checks import Check
from acrn_trace.trace.decode import Decoder
from acrn_trace.trace.dispatch import Dispatcher
from acrn_trace.trace.event import Event
from acrn_trace.trace.filters import Filter
from acrn_trace.trace.intervener import Intervener, StoppedGuest
from acrn_trace.trace.pairing import Call, Pairing
from acrn_trace.trace.sink import Sink

Handover = tuple[dict[int, tuple[str | None, dict[str, Any]]], Answer | None]


class Tracer:
    """Pairs stops, decodes calls, and shows to the sinks those that the filter selects.

    ``interveners`` are asked of every call, shown or not, and change ``guest``. ``checks`` find
    what is wrong with each call that is over.
    """

    def __init__(
        self,
        pairing: Pairing,
        decoder: Decoder,
        selected: Filter,
        sinks: Iterable[Sink],
        interveners: list[Intervener] | None = None,
        guest: StoppedGuest | None = None,
        checks: Sequence[Check] = (),
    ) -> None:
        self._pairing = pairing
        self._decoder = decoder
        self._checks = checks
        self.answering = Answering([] if interveners is None else interveners, guest, self)
        self.dispatcher = Dispatcher(selected, sinks)
        self._events = {call.seq: decoder.entered(call) for call in pairing}
        for event in self._events.values():  # of a trace before this one
            self.dispatcher.entered(event)

    # From a stop to a call.

    def on_stop(self, stop: Stop, at: StopAddress) -> None:
        """A vCPU stopped there. Where one call returns and another begins, in that order."""
        self.dispatcher.at_next_stop()
        self.answering.at_next_stop()
        if at.returns_from:
            call = self._pairing.leave(stop, at.returns_from)
            if call:
                self._return(call)
        if at.enters:
            self._at_entry(stop, at.enters)

    def _at_entry(self, stop: Stop, site: Site) -> None:
        other = magic_of(site, stop.registers)
        if other:
            self.dispatcher.pass_over(other, site)
            return
        if self.answering.passed(stop, site):
            return
        for call in self._pairing.settle(stop):
            self._finish(call)
        abandoned = self._pairing.superseded(stop, site)
        if abandoned:
            self._finish(abandoned)
        entered = self._pairing.enter(stop, site)
        if entered:
            self._enter(entered)

    def unseen(self, stop: Stop, site: Site) -> None:
        """A call that was made there and that nobody was told of: its return comes next."""
        if not self._pairing.in_flight_at(stop, site):
            call = self._pairing.enter(stop, site)
            event = self._events[call.seq] = self._decoder.entered(call)
            self.dispatcher.entered(event)

    def returned_unseen(self, stop: Stop, site: Site) -> None:
        """A new call is made there: one that is in flight by all that is known is over."""
        call = self._pairing.in_flight_at(stop, site)
        if call:
            self._pairing.abandon(call)
            self._finish(call)

    # From a call to its event: entered, back, over.

    def _enter(self, call: Call) -> None:
        event = self._events[call.seq] = self._decoder.entered(call)
        answer = self.answering.ask(call, event)
        self.dispatcher.entered(event)
        if answer:
            self.answering.give(answer)

    def _return(self, call: Call) -> None:
        event = self._events[call.seq]
        self._decoder.returned(event, call)
        afterwards = self.answering.returned(call, event)
        self._finish(call)
        for action in afterwards:
            action()

    def _finish(self, call: Call) -> Event:
        event = self._decoder.finished(self._events[call.seq], call)
        for check in self._checks:
            event.findings += check(event, call)
        del self._events[call.seq]
        self.dispatcher.finished(event)
        return event

    # What answering makes of a call.

    def reenter(self, call: Call, event: Event, stop: Stop) -> None:
        """The call is made as it stands in ``stop``: its event tells that."""
        self._pairing.reenter(call, stop)
        self._decoder.reentered(event, call)

    def come_back(self, call: Call, stop: Stop) -> None:
        """An answered call is back, as in ``stop``."""
        self._pairing.answer(call, stop)
        self._return(call)

    # Calls in flight, and the end of them.

    def in_flight(self) -> list[Event]:
        """The events of the calls that have not returned, in entry order."""
        return [self._events[call.seq] for call in self._pairing]

    def handed_over(self) -> Handover:
        """What a trace after this one is to know of the calls in flight."""
        done = {seq: (event.answered_by, dict(event.more)) for seq, event in self._events.items()}
        return done, self.answering.waiting

    def take_over(self, handover: Handover) -> None:
        done, waiting = handover
        for call in self._pairing:
            event = self._events[call.seq]
            event.answered_by, more = done.get(call.seq, (None, {}))
            event.more.update(more)
            if waiting and call.seq == waiting.call.seq:
                self.answering.waiting = replace(waiting, call=call, event=event)

    def give_up(self, site: Site) -> None:
        """The calls in flight at ``site`` will not return."""
        for call in [call for call in self._pairing if call.site == site]:
            self._pairing.abandon(call)
            self._finish(call)

    def end_calls(self) -> list[Event]:
        """No call in flight will return (the guest died, was reset, or is no longer watched)."""
        return [self._finish(call) for call in self._pairing.end()] + self._end_broken()

    def _end_broken(self) -> list[Event]:
        """Calls at whose return the guest was lost: shown as far as they are known."""
        broken, self._events = list(self._events.values()), {}
        for event in broken:
            event.over = True
            self.dispatcher.finished(event)
        return broken

    def close(self) -> None:
        self.end_calls()
        self.dispatcher.close()
