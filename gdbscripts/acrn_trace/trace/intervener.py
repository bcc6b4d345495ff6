# SPDX-License-Identifier: BSD-3-Clause
"""Defines what may change a guest at its hypercalls: mock, replay, inject, catch.

An intervener is asked when a call is entered and when it is back. It answers with an intervention,
which is carried out at once: the guest stands still, and goes on from what that made of it.
"""

from dataclasses import dataclass, field, replace
from typing import Callable, Iterable, Mapping, Protocol

from acrn_trace.guest.site import Site
from acrn_trace.guest.stop import Stop
from acrn_trace.trace.event import Event, Finding, Reason
from acrn_trace.trace.pairing import Call

INJECTS, ANSWERS, CATCHES = range(3)  # the ranks of those who intervene


@dataclass
class Intervention:
    """What is done to the stopped guest at one end of a call before it goes on."""

    registers: dict[str, int] = field(default_factory=dict)  # name -> value (64-bit, unsigned)
    memory: list[tuple[int, bytes]] = field(default_factory=list)  # guest-physical, in order
    answer: int | None = None  # at entry only: RAX; the hypervisor never sees the call
    answered_by: str | None = None  # "mock", "inject", "replay", where there is an answer
    reason: Reason | None = None  # why it is the answer, if ACRN's is not a plain one
    mocked: str | None = None  # Event.more["mocked"] of an answer, if it is to have that
    delay: float = 0.0  # seconds of host time the guest is held
    stop: str | None = None  # why the guest then stays stopped: one sentence, printed
    again: bool = False  # with a stop at entry, no answer: may be asked again while it lasts
    notes: list[Finding] = field(default_factory=list)  # findings of the event
    after: Callable[[], None] | None = None  # run once all is changed and the event is finished


class Intervener:
    """Asked in the order of ``rank``; after an answer only those that ``watch`` are asked."""

    rank = ANSWERS
    watches = False

    @property
    def has_work(self) -> bool:
        """Whether there is any call that it may change."""
        return True

    def entered(self, call: Call, event: Event) -> Intervention | None:
        """The call is about to be made; ``event`` has its arguments."""
        return None

    def returned(self, call: Call, event: Event) -> Intervention | None:
        """The call is back, answered by whom ``event`` says; its outputs are not read yet."""
        return None

    def rebooted(self) -> None:
        """The guest begins anew."""

    def notices(self) -> Iterable[str]:
        """What whoever reads the trace is to know of it from the beginning."""
        return ()

    def last_notices(self) -> Iterable[str]:
        """And what at its end."""
        return ()


class StoppedGuest(Protocol):
    """The guest whose stop is being handled, as far as an intervention needs it."""

    def set_registers(self, registers: Mapping[str, int]) -> None:
        ...

    def write(self, address: int, data: bytes) -> None:
        """Write guest-physical memory; TraceError where there is none."""

    def hold(self, seconds: float) -> None:
        ...

    def is_shown(self, address: int) -> bool:
        """Whether the user may be shown the stop there, for what he has set there himself."""

    def stand_at(self, site: Site) -> None:
        """The user is shown a call there that may be answered when the guest goes on."""

    def pass_over(self) -> None:
        """Have the instruction there do nothing, once, since the guest goes on now."""


def carry_out(intervention: Intervention, guest: StoppedGuest) -> None:
    """Memory, then registers; RAX and RIP of an answer are ``answered_stop``'s."""
    for address, data in intervention.memory:
        guest.write(address, data)
    if intervention.registers:
        guest.set_registers(intervention.registers)


def changed_stop(stop: Stop, registers: Mapping[str, int], time: float | None = None) -> Stop:
    """``stop`` with other registers, and at another time if one is given."""
    merged = {**stop.registers, **registers}
    return replace(stop, registers=merged, time=stop.time if time is None else time)


def answered_stop(call: Call, intervention: Intervention, time: float) -> Stop:
    """The call's return as the hypervisor would have left it, made from its entry."""
    assert intervention.answer is not None
    result = {call.abi.result: intervention.answer, "rip": call.site.return_address}
    return changed_stop(call.entry, {**intervention.registers, **result}, time)
