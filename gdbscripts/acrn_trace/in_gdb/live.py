# SPDX-License-Identifier: BSD-3-Clause
"""Traces the guest that GDB is attached to, from ``hypercall trace`` to its end."""

import argparse
from functools import partial
from typing import IO, Callable

import gdb

from acrn_trace.base.errors import TraceError
from acrn_trace.guest.site import Site, StopAddress
from acrn_trace.guest.stop import Stop
from acrn_trace.in_gdb.complaints import Complaints
from acrn_trace.in_gdb.exact_settings import make_exact
from acrn_trace.in_gdb.guard import Guard, uninterrupted
from acrn_trace.in_gdb.guest_memory import (
    GuestPhysicalMemory,
    LinearMemory,
    nested_table,
    without_registers,
)
from acrn_trace.in_gdb.hands import GuestHands
from acrn_trace.in_gdb.hypervisor import hypervisor_side
from acrn_trace.in_gdb.image import current_image, gdbs_own_offset
from acrn_trace.in_gdb.live_output import Shown
from acrn_trace.in_gdb.live_sites import LiveSites, SitePoints
from acrn_trace.in_gdb.prompt import say
from acrn_trace.in_gdb.resume import Resumption
from acrn_trace.in_gdb.settings import compares_registers, stops_at_clobbers
from acrn_trace.in_gdb.stub import stub_descriptor
from acrn_trace.in_gdb.stub_packets import stub_hung_up
from acrn_trace.in_gdb.types import guest_types
from acrn_trace.in_gdb.vcpu import exception_frame_below, read_stop
from acrn_trace.lint.of_call import guests_own
from acrn_trace.rings.plugin_stops import PluginStops
from acrn_trace.tables.knowledge import Knowledge
from acrn_trace.trace.checks import Check, checks_of, of_answers
from acrn_trace.trace.decode import Decoder
from acrn_trace.trace.found import FoundHypervisors, OfFound
from acrn_trace.trace.intervener import Intervener
from acrn_trace.trace.outrun import Outrun
from acrn_trace.trace.pairing import Pairing
from acrn_trace.trace.rendering import Renderer
from acrn_trace.trace.tracer import Tracer

BOUND = "{} traced, as many as were asked for; the guest runs on untraced"
NESTED = (
    "the guest is nested: its memory is read through the {}; [vcpu] is QEMU's number, not the "
    "guest's"
)
UNMATCHED = (
    "the hypervisor has taken {} that no traced site has made, and so this trace has not: of a "
    "module, of code that the guest has made, of a possible site"
)
ENDED, DETACHED = "the guest ended", "detached"
DISCONNECTED = "the connection to the guest ended"


class LiveTrace:
    """Breakpoints at every entry and return, and the tracer they report to.

    Ends when the connection does, when ``stop`` is called, or when it cannot go on (``failure``).
    """

    def __init__(
        self,
        resumption: Resumption,
        options: argparse.Namespace | None,
        knowledge: Knowledge,
        stream: IO[str] | None,
        interveners: list[Intervener] | None = None,
        pairing: Pairing | None = None,
        stops: PluginStops | None = None,
    ) -> None:
        """Without ``options`` nothing is shown; ``pairing`` has the calls in flight, if known.
        ``stops``: QEMU's plugin stops the guest, at the calls that somebody has told it."""
        self._resumption, self._knowledge = resumption, knowledge
        self._stub = stub_descriptor()
        found = FoundHypervisors()
        self._sites = LiveSites(resumption, knowledge, self._on_kernel, self.notice, found, stops)
        shown = self.shown = Shown(options, knowledge, stream)
        self._show_caveats()
        for intervener in interveners or ():
            for notice in intervener.notices():
                self.notice(notice)
        self.pairing = pairing or Pairing(exception_frame_below)
        decoder = self._decoder()
        hands, checks = GuestHands(resumption), self._checks()
        self.tracer = Tracer(
            self.pairing, decoder, shown.selected, shown.sinks, interveners, hands, checks
        )
        self._hypervisor = hypervisor_side(resumption) if options else None
        if self._hypervisor:
            self.tracer.dispatcher.first.append(self._hypervisor.sides)
        self._boots = 0
        if options and not shown.selected.selects_calls:
            shown.selected.add(OfFound(found, self.tracer.dispatcher.remark))
        self.complaints = Complaints(self.tracer.dispatcher.remark)
        self.tracer.dispatcher.first.append(self.complaints.answers)
        if options:
            self.tracer.dispatcher.first.append(Outrun(self.tracer.dispatcher.remark))
        self.guard = Guard()
        self.active = True
        self.last_signal: str | None = None  # that the guest's latest stop was for
        self._interrupted_at_point = False
        self._bound = options.bound if options else None
        self.is_bounded = False  # as many calls were traced as were asked for
        self.detaches = False  # whoever runs the guest detaches then
        self.when_bounded: Callable[[], None] = self.stop
        self._is_told_nested = False
        make_exact()
        points = SitePoints(
            resumption,
            run=self._run_hit,
            read_stop=self._read_stop,
            on_site=self._on_site,
            on_boot=self._on_boot,
            on_unseen=self._on_unseen,
        )
        self._sites.plant(points)
        gdb.events.stop.connect(self._on_gdb_stop)
        gdb.events.cont.connect(self._before_going_on)
        gdb.events.exited.connect(self._on_exited)
        gdb.events.connection_removed.connect(self._on_connection_removed)

    def _decoder(self) -> Decoder:
        types = self._knowledge.types
        types.guest_types = guest_types(types.own_fields, self.notice)
        return Decoder(self._knowledge, GuestPhysicalMemory(), compares_registers, LinearMemory())

    def _checks(self) -> list[Check]:
        of_lint = of_answers(guests_own(self._sites.lint_of, self._knowledge.table))
        checks = checks_of(self._knowledge, lambda: self._boots > 0)
        return [*checks, of_lint]

    def _on_kernel(self, offset: int) -> None:
        """A kernel is about to run, that far from where it was linked."""
        if not self.active or offset == gdbs_own_offset(current_image()):
            return
        if self.tracer.dispatcher.calls or self.in_flight():
            self._sites.boot()
        self._sites.follow(offset)
        self.notice(f"the kernel runs {offset:#x} above its link address")

    @property
    def quiet(self) -> bool:
        """Whether it shows nothing, and only lets others act on calls."""
        return self.shown.nothing

    @property
    def failure(self) -> str | None:
        return self.guard.failure

    @property
    def interrupted(self) -> bool:
        return self.last_signal == "SIGINT"

    def in_flight(self) -> list[str]:
        """A line for each call that has not returned."""
        render = Renderer(self._knowledge.table, self._knowledge.types)
        return [
            f"[{event.vcpu}] {render.call(event)}{render.outputs(event)} at {event.site}"
            for event in self.tracer.in_flight()
        ]

    def stop(self, why: str | None = None) -> None:
        """End the trace, if it has not ended: the guest runs on without our breakpoints."""
        if self.active:
            self._end(why)
        self._sites.delete()
        if self._hypervisor:
            self._hypervisor.delete()

    def _end(self, why: str | None) -> None:
        """Where GDB is letting go of the guest it cannot delete a breakpoint yet.

        Until ``stop`` deletes them the breakpoints are idle. (It is not posted to run later: GDB 13
        crashes when it exits with something posted.)
        """
        self.active = False
        gdb.events.stop.disconnect(self._on_gdb_stop)
        gdb.events.cont.disconnect(self._before_going_on)
        gdb.events.exited.disconnect(self._on_exited)
        gdb.events.connection_removed.disconnect(self._on_connection_removed)
        with self.guard:
            self._close(why)

    def _close(self, why: str | None) -> None:
        unfinished = len(self.tracer.end_calls())
        if why:
            self.notice(f"{why}, with {_calls(unfinished)} in flight" if unfinished else why)
            if not self.failure:
                self.complaints.of_end(None if why == DETACHED else ENDED)
        unmatched = self._hypervisor.sides.unmatched if self._hypervisor else 0
        if unmatched:
            self.notice(UNMATCHED.format(_calls(unmatched)))
        for intervener in self.tracer.answering.interveners:
            for notice in intervener.last_notices():
                self.notice(notice)
        self.tracer.close()

    def _on_boot(self) -> None:
        """The guest's first instruction runs: the second time around, that is a reset."""
        unfinished = len(self.tracer.end_calls())
        self._boots += 1
        if self._boots > 1 or unfinished or self.tracer.dispatcher.calls:
            for intervener in self.tracer.answering.interveners:
                intervener.rebooted()
            self.notice(f"the guest was reset, with {_calls(unfinished)} in flight")
            if not self.quiet:
                self.complaints.of_reset()

    def _read_stop(self, at: StopAddress) -> Stop:
        of_entry = (self.shown.stacks, self._sites.task_of) if at.enters else ()
        return read_stop(*of_entry)

    def _on_site(self, stop: Stop, at: StopAddress) -> None:
        if not (self._is_told_nested or self.quiet):
            self._tell_nested()
        self.complaints.answers.reached |= at.enters is not None
        self.tracer.on_stop(stop, at)
        self._resumption.reasons += self.tracer.answering.reasons
        if stops_at_clobbers() and self.tracer.dispatcher.clobber:
            self._resumption.reasons.append(f"stopped: {self.tracer.dispatcher.clobber}")

        if self._bound and self.tracer.dispatcher.calls >= self._bound and not self.is_bounded:
            self._reach_bound()

    def _on_unseen(self, stop: Stop, site: Site, comes_back: bool) -> None:
        tracer = self.tracer
        (tracer.unseen if comes_back else tracer.returned_unseen)(stop, site)

    def _tell_nested(self) -> None:
        table = nested_table()
        if table:
            self._is_told_nested = True
            self.notice(NESTED.format(table))

    def _reach_bound(self) -> None:
        """End the trace once GDB has stopped; the guest goes on, unless somebody is to detach."""
        self.is_bounded = True
        if self.detaches:
            self._resumption.reasons.append("")
        elif self._resumption.loops:
            self._resumption.reasons.append("")
            self._resumption.deferred.append(self.end_bounded)
        else:
            self._resumption.resumes = True
            self._resumption.after_stop.append(self.end_bounded)

    def end_bounded(self) -> None:
        """Say so, and let go of the guest."""
        self.notice(BOUND.format(_calls(self.tracer.dispatcher.calls)))
        self.when_bounded()

    def _run_hit(self, action: Callable[[], None]) -> bool:
        """Run what a hit of a point of ours does: whether the guest is to stop."""
        if not self.active:
            return False
        stop_guest, self._interrupted_at_point = uninterrupted(partial(self.guard.run, action))
        return stop_guest or self._interrupted_at_point or bool(self._resumption.reasons)

    def _before_going_on(self, _event: gdb.ContinueEvent) -> None:
        """A user's command makes the guest run, which it does not yet."""
        if self.tracer.answering.waits:
            uninterrupted(partial(self.guard.run, self._answer_now))

    def _answer_now(self) -> None:
        if stub_hung_up(self._stub):
            raise TraceError("the guest is gone, and the call that it stood at was not answered")
        vcpu = self.tracer.answering.waiting.call.entry.vcpu
        with self._resumption.letting_go(vcpu) as stop, without_registers(vcpu):
            self.tracer.answering.before_going_on(stop, steps_over=True)

    def ask_again(self) -> None:
        """Somebody who had no answer to the call that the guest stands at may have one now."""
        if self.tracer.answering.asks_again:
            uninterrupted(partial(self.guard.run, self.tracer.answering.ask_again))
            say("\n".join(self.tracer.answering.reasons).splitlines())

    def _show_caveats(self) -> None:
        if self._knowledge.caveat:
            self.notice(self._knowledge.caveat)
        untraced = self._sites.untraced
        if untraced:
            self.notice(f"{untraced} possible sites are not traced (hypercall possible-sites)")

    def notice(self, text: str) -> None:
        self.shown.notice(text)

    def _on_gdb_stop(self, event: gdb.StopEvent) -> None:
        self.last_signal = getattr(event, "stop_signal", None)
        if self._interrupted_at_point:
            self.last_signal, self._interrupted_at_point = "SIGINT", False
        self._sites.send_back_others()
        if self.interrupted:
            self.show_in_flight()
        if self.failure:
            self.stop()
        elif not isinstance(event, gdb.BreakpointEvent):
            make_exact()  # GDB has connected, perhaps: there a command does no harm

    def show_in_flight(self) -> None:
        """Tell of each call in flight, for a user who interrupted."""
        lines = self.in_flight
        self.guard.run(lambda: [self.notice(f"interrupted, in flight: {one}") for one in lines()])
        self.guard.run(self.complaints.of_waiting)

    def _on_exited(self, event: gdb.ExitedEvent) -> None:
        """As GDB puts it: the guest ended, the stub is gone, or the user let go of it.

        QEMU says that it exits, and hangs up: it is chance whether GDB learns the first, and before
        the second. The words are the same whatever it learned.
        """
        gone = hasattr(event, "exit_code") or stub_hung_up(self._stub)
        self._end(DISCONNECTED if gone else DETACHED)

    def _on_connection_removed(self, _event) -> None:
        self._end(DISCONNECTED)


def _calls(count: int) -> str:
    return f"{count} call{'s' * (count != 1)}"
