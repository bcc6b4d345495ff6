# SPDX-License-Identifier: BSD-3-Clause
"""Asks interveners of each call, and carries out their answers: at once, or as the guest goes on.

A call that somebody answers comes back without its VMCALL. Where the user is shown the guest at
that call, its answer waits: it is given when the guest goes on, unless the user took the vCPU
elsewhere or ended what answers.
"""

import time
from dataclasses import dataclass, replace
from typing import Callable, Protocol

from acrn_trace.guest.site import Site
from acrn_trace.guest.stop import Stop
from acrn_trace.trace.event import Event
from acrn_trace.trace.intervener import (
    Intervener,
    Intervention,
    StoppedGuest,
    answered_stop,
    carry_out,
    changed_stop,
)
from acrn_trace.trace.marks import MOCKED
from acrn_trace.trace.pairing import Call


@dataclass(frozen=True)
class Answer:
    """What ``intervener`` makes of the call that the guest stands at."""

    call: Call
    event: Event
    intervener: Intervener
    intervention: Intervention

    def is_where_it_was(self, stop: Stop) -> bool:
        """Whether the vCPU stands at the call still, now that it is as in ``stop``."""
        here = stop.registers["rip"] == self.call.site.address
        return here and stop.rsp == self.call.entry.rsp


class Calls(Protocol):
    """Whose calls they are, which interventions make others of."""

    def reenter(self, call: Call, event: Event, stop: Stop) -> None:
        """The call is made as it stands in ``stop``."""

    def come_back(self, call: Call, stop: Stop) -> None:
        """The call is back, as in ``stop``."""


class Answering:
    """``interveners`` are asked of every call, in their order; the list may change meanwhile."""

    def __init__(
        self, interveners: list[Intervener], guest: StoppedGuest | None, calls: Calls
    ) -> None:
        self.interveners = interveners
        self._guest = guest
        self._calls = calls
        self.reasons: list[str] = []  # why the guest stays stopped at the latest stop
        self.waiting: Answer | None = None  # until the guest goes on
        self._passing: Call | None = None  # answered, and on its way over its instruction
        self._after: dict[int, Callable[[], None] | None] = {}  # by seq: to do once it is back

    @property
    def _hands(self) -> StoppedGuest:
        assert self._guest, "this tracer has no guest to change"
        return self._guest

    # A stop, in the order in which it is taken: another one begins, a call is over its
    # instruction, a call is entered, is asked of, is answered, is back.

    def at_next_stop(self) -> None:
        self.reasons, self.waiting = [], None

    def passed(self, stop: Stop, site: Site) -> bool:
        """Whether ``stop`` is that of a call answered in passing, whose step did not take place."""
        call = self._passing
        if not call or (call.site, call.entry.vcpu, call.entry.rsp) != (site, stop.vcpu, stop.rsp):
            return False
        self._come_back(call, changed_stop(stop, {"rip": site.return_address}))
        return True

    def ask(self, call: Call, event: Event) -> Answer | None:
        """Change a call that is entered; the answer to it, which is yet to be given."""
        answer = None
        for intervener in list(self.interveners):
            if answer and not intervener.watches:
                continue
            intervention = intervener.entered(call, event)
            if intervention is None:
                continue
            if intervention.answer is None:
                self._change_entry(intervention, call, event)
            if intervention.answer is not None or intervention.again:
                answer = Answer(call, event, intervener, intervention)
                event.answered_by = intervention.answered_by
            self._tell(intervention, event)
            if intervention.after and not answer:
                intervention.after()
        return answer

    def give(self, answer: Answer) -> None:
        """Now, or when the guest goes on from a stop that the user is shown."""
        site = answer.call.site
        if self.reasons or self._hands.is_shown(site.address):
            self.waiting = answer
            self._hands.stand_at(site)
        else:
            self._give_now(answer)

    def returned(self, call: Call, event: Event) -> list[Callable[[], None]]:
        """Change a call that is back; what is to be done once its event is finished."""
        self._passing = None if call is self._passing else self._passing
        afterwards = [self._after.pop(call.seq, None)]
        for intervener in list(self.interveners):
            intervention = intervener.returned(call, event)
            if intervention:
                carry_out(intervention, self._hands)
                event.rax = intervention.registers.get(call.abi.result, event.rax)
                self._tell(intervention, event)
                afterwards.append(intervention.after)
        return [action for action in afterwards if action]

    # Between two stops, where the user is shown a call that somebody answers.

    @property
    def waits(self) -> bool:
        """Whether a call that the guest stands at is answered when it goes on."""
        return self.waiting is not None and self.waiting.intervention.answer is not None

    @property
    def asks_again(self) -> bool:
        """Whether the guest stands at a call to which somebody had no answer, and may have one."""
        return self.waiting is not None and self.waiting.intervention.again

    def ask_again(self) -> None:
        """Ask whoever had no answer to the call that the guest stands at."""
        assert self.waiting
        unanswered = self.waiting
        self.at_next_stop()
        intervention = unanswered.intervener.entered(unanswered.call, unanswered.event)
        if intervention:
            self._tell(intervention, unanswered.event)
            self.waiting = replace(unanswered, intervention=intervention)

    def before_going_on(self, stop: Stop, steps_over: bool = False) -> None:
        """The guest goes on from a stop that a user was shown; ``stop`` is what he made of it.

        Where GDB ``steps_over`` the site by itself, an answered call comes back by that step.
        """
        answer = self.waiting
        if answer is None:
            return
        self.at_next_stop()
        is_given = answer.intervener in self.interveners and answer.intervention.answer is not None
        if not (is_given and answer.is_where_it_was(stop)):
            answer.event.answered_by = None
        elif steps_over:
            self._give_in_passing(answer)
        else:
            self._give_now(answer)

    # How an answer is given.

    def _give_now(self, answer: Answer) -> None:
        stop = answered_stop(answer.call, answer.intervention, time.time())
        carry_out(answer.intervention, self._hands)
        self._mark(answer)
        self._come_back(answer.call, stop)

    def _give_in_passing(self, answer: Answer) -> None:
        carry_out(answer.intervention, self._hands)
        self._mark(answer)
        self._hands.set_registers({answer.call.abi.result: answer.intervention.answer or 0})
        self._hands.pass_over()
        self._passing = answer.call

    def _come_back(self, call: Call, stop: Stop) -> None:
        """An answered call is over: the vCPU is put behind it."""
        names = (call.abi.result, "rip")
        self._hands.set_registers({name: stop.registers[name] for name in names})
        self._calls.come_back(call, stop)

    def _change_entry(self, intervention: Intervention, call: Call, event: Event) -> None:
        """The call is made with other registers or memory: the event shows what is then asked."""
        if intervention.registers or intervention.memory:
            carry_out(intervention, self._hands)
            self._calls.reenter(call, event, changed_stop(call.entry, intervention.registers))

    def _mark(self, answer: Answer) -> None:
        event, intervention = answer.event, answer.intervention
        event.answered_by, event.reason = intervention.answered_by, intervention.reason
        if intervention.mocked:
            event.more[MOCKED] = intervention.mocked
        self._after[answer.call.seq] = intervention.after

    def _tell(self, intervention: Intervention, event: Event) -> None:
        event.findings += intervention.notes
        if intervention.delay:
            self._hands.hold(intervention.delay)
        if intervention.stop is not None:
            self.reasons.append(intervention.stop)
