# SPDX-License-Identifier: BSD-3-Clause
"""Takes stops in, and sends events out: the flow of a trace."""

import time
from typing import Callable, Iterable, Sequence

from acrn_trace.guest.abi import ACRN, other_hypervisor
from acrn_trace.guest.site import Point, Site
from acrn_trace.guest.stop import Stop
from acrn_trace.trace.change import (
    Change,
    Intervener,
    StoppedGuest,
    answered_stop,
    changed_stop,
    make_change,
)
from acrn_trace.trace.checks import Check
from acrn_trace.trace.decode import Decoder
from acrn_trace.trace.dispatch import Audience
from acrn_trace.trace.event import Event
from acrn_trace.trace.filters import Filter
from acrn_trace.trace.marks import MOCKED
from acrn_trace.trace.pairing import Call, Pairing
from acrn_trace.trace.sink import Sink

Waiting = tuple[Call, Intervener, Change]  # an answer, for when the guest goes on
Handover = tuple[dict[int, tuple[str | None, dict]], Waiting | None]


class Tracer:
    """Pairs stops, decodes calls, and shows to the sinks those that the filter selects.

    ``interveners`` are asked of every call, shown or not, and change ``guest``; the list may change
    while calls are in flight. ``checks`` find what is wrong with each call that is over.
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
        self.audience = Audience(selected, sinks)
        self.interveners = [] if interveners is None else interveners
        self._guest = guest
        self._events = {call.seq: decoder.entered(call) for call in pairing}
        self.reasons: list[str] = []  # why the guest stays stopped at the latest stop
        self._waiting: Waiting | None = None
        self._passing: Call | None = None  # answered, and on its way over its instruction
        self._after: dict[int, Callable[[], None] | None] = {}  # by seq: to do once it is back
        for event in self._events.values():  # of a trace before this one
            self.audience.entered(event)

    def on_stop(self, stop: Stop, point: Point) -> None:
        """A vCPU stopped at ``point``. Where one call returns and another begins, in that order."""
        self.audience.clobber, self.reasons, self._waiting = None, [], None
        if point.returns_from:
            call = self._pairing.leave(stop, point.returns_from)
            self._passing = None if call is self._passing else self._passing
            if call:
                self._return(call)
        if point.enters:
            self._at_entry(stop, point)

    def _at_entry(self, stop: Stop, point: Point) -> None:
        assert point.enters
        other = other_hypervisor(stop.registers, point.enters.number is not None)
        if other:
            self.audience.pass_over(other, point.enters)
            return
        if self._is_passing(stop, point.enters):
            return
        for call in self._pairing.settle(stop):
            self._finish(call)
        abandoned = self._pairing.superseded(stop, point.enters)
        if abandoned:
            self._finish(abandoned)
        entered = self._pairing.enter(stop, point.enters)
        if entered:
            self._enter(entered)

    def _is_passing(self, stop: Stop, site: Site) -> bool:
        """Whether ``stop`` is that of a call answered in passing, whose step did not take place."""
        call = self._passing
        if not call or (call.site, call.entry.vcpu, call.entry.rsp) != (site, stop.vcpu, stop.rsp):
            return False
        behind = changed_stop(stop, {"rip": site.return_address})
        self._passing = None
        self._come_back(call, behind)
        return True

    @property
    def standing_at(self) -> Call:
        """The call that the guest stands at, where it ``waits``."""
        assert self._waiting
        return self._waiting[0]

    @property
    def waits(self) -> bool:
        """Whether a call that the guest stands at is answered when it goes on."""
        return self._waiting is not None and self._waiting[2].answer is not None

    @property
    def asks_again(self) -> bool:
        """Whether the guest stands at a call to which somebody had no answer, and may have one."""
        return self._waiting is not None and self._waiting[2].again

    def handed_over(self) -> "Handover":
        """What a trace after this one is to know of the calls in flight."""
        done = {seq: (event.answered_by, dict(event.more)) for seq, event in self._events.items()}
        return done, self._waiting

    def take_over(self, handover: "Handover") -> None:
        done, waiting = handover
        for seq, event in self._events.items():
            event.answered_by, more = done.get(seq, (None, {}))
            event.more.update(more)
        for call in self._pairing:
            if waiting and call.seq == waiting[0].seq:
                self._waiting = (call, *waiting[1:])

    def ask_again(self) -> None:
        """Ask whoever had no answer to the call that the guest stands at."""
        assert self._waiting
        call, intervener, _ = self._waiting
        self.reasons, self._waiting = [], None
        change = intervener.entered(call, self._events[call.seq])
        if change:
            self._tell(change, self._events[call.seq])
            self._waiting = call, intervener, change

    def before_going_on(self, stop: Stop, steps_over: bool = False) -> None:
        """The guest goes on from a stop that a user was shown; ``stop`` is what he made of it.

        A call that has an answer is answered only now, unless the user took the vCPU elsewhere or
        ended what answers. Where GDB ``steps_over`` the site by itself, it comes back by that step.
        """
        if self._waiting is None:
            return
        call, intervener, change = self._waiting
        self.reasons, self._waiting = [], None
        unmoved = stop.registers["rip"] == call.site.address and stop.rsp == call.entry.rsp
        if not (unmoved and intervener in self.interveners and change.answer is not None):
            self._unanswer(call)
        elif steps_over:
            self._answer_in_passing(call, change)
        else:
            self._answer(call, change)

    def _unanswer(self, call: Call) -> None:
        if call.seq in self._events:
            self._events[call.seq].answered_by = None

    def _answer_in_passing(self, call: Call, change: Change) -> None:
        make_change(change, self._hands)
        self._mark_answered(call, change)
        self._hands.set_registers({ACRN.result: change.answer or 0})
        self._hands.pass_over()
        self._passing = call

    def in_flight(self) -> list[Event]:
        """The events of the calls that have not returned, in entry order."""
        return [self._events[call.seq] for call in self._pairing]

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
            self.audience.finished(event)
        return broken

    def close(self) -> None:
        self.end_calls()
        self.audience.close()

    def _enter(self, call: Call) -> None:
        event = self._decoder.entered(call)
        self._events[call.seq] = event
        answer = self._intervene(call, event) if self.interveners else None
        self.audience.entered(event)
        if answer and (self.reasons or self._hands.is_shown(call.site.address)):
            self._waiting = (call, *answer)
            self._hands.stand_at(call.site.address)
        elif answer:
            self._answer(call, answer[1])

    def _intervene(self, call: Call, event: Event) -> tuple[Intervener, Change] | None:
        """Ask of an entry; the change that answers the call, which is yet to be made."""
        answer = None
        for intervener in list(self.interveners):
            if answer and not intervener.watches:
                continue
            change = intervener.entered(call, event)
            if change is None:
                continue
            if change.answer is None:
                self._change_entry(change, call, event)
            if change.answer is not None or change.again:
                answer = (intervener, change)
                event.answered_by = change.answered_by
            self._tell(change, event)
            if change.after and not answer:
                change.after()
        return answer

    def _change_entry(self, change: Change, call: Call, event: Event) -> None:
        """The call is made with other registers or memory: the event shows what is then asked."""
        if not change.registers and not change.memory:
            return
        make_change(change, self._hands)
        self._pairing.reenter(call, changed_stop(call.entry, change.registers))
        self._decoder.reentered(event, call)

    def _answer(self, call: Call, change: Change) -> None:
        stop = answered_stop(call, change, time.time())
        make_change(change, self._hands)
        self._mark_answered(call, change)
        self._come_back(call, stop)

    def _mark_answered(self, call: Call, change: Change) -> None:
        event = self._events[call.seq]
        event.answered_by = change.answered_by
        if change.mocked:
            event.more[MOCKED] = change.mocked
        self._after[call.seq] = change.after

    def _come_back(self, call: Call, stop: Stop) -> None:
        """An answered call is over: the vCPU is put behind it."""
        self._hands.set_registers({name: stop.registers[name] for name in (ACRN.result, "rip")})
        self._pairing.answer(call, stop)
        self._return(call)

    def _return(self, call: Call) -> None:
        event = self._events[call.seq]
        self._decoder.returned(event, call)
        afterwards = [self._after.pop(call.seq, None)]
        for intervener in list(self.interveners):
            change = intervener.returned(call, event)
            if change:
                make_change(change, self._hands)
                event.rax = change.registers.get(ACRN.result, event.rax)
                self._tell(change, event)
                afterwards.append(change.after)
        self._finish(call)
        for action in afterwards:
            if action:
                action()

    def _tell(self, change: Change, event: Event) -> None:
        event.findings += change.notes
        if change.delay:
            self._hands.hold(change.delay)
        if change.stop is not None:
            self.reasons.append(change.stop)

    @property
    def _hands(self) -> StoppedGuest:
        assert self._guest, "this tracer has no guest to change"
        return self._guest

    def _finish(self, call: Call) -> Event:
        event = self._decoder.finished(self._events[call.seq], call)
        for check in self._checks:
            event.findings += check(event, call)
        del self._events[call.seq]
        self.audience.finished(event)
        return event
