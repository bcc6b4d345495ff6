# SPDX-License-Identifier: BSD-3-Clause
"""A trace of the guest that GDB is attached to, from ``hypercall trace`` to its end."""

import argparse
import time
from typing import IO, Callable

import gdb

from acrn_trace.base.errors import TraceError
from acrn_trace.guest.site import Point, Site
from acrn_trace.guest.stop import Stop
from acrn_trace.image.image import Image
from acrn_trace.in_gdb.below import ground_below, instruction_of
from acrn_trace.in_gdb.exact_settings import make_exact
from acrn_trace.in_gdb.guard import Guard, uninterrupted
from acrn_trace.in_gdb.hands import GuestHands
from acrn_trace.in_gdb.hypervisor import hypervisor_side
from acrn_trace.in_gdb.image import current_image, current_sites, gdbs_own_offset, load_offset
from acrn_trace.in_gdb.kaslr import locate_kernel, move_symbols
from acrn_trace.in_gdb.live_output import Shown
from acrn_trace.in_gdb.parameters import compares_registers, stops_at_clobbers
from acrn_trace.in_gdb.prompt import say
from acrn_trace.in_gdb.resume import Resumption
from acrn_trace.in_gdb.site_points import SitePoints
from acrn_trace.in_gdb.stub import GuestPhysicalMemory, StubVcpu, stub_descriptor
from acrn_trace.in_gdb.stub_packets import stub_hung_up
from acrn_trace.in_gdb.task import task_reader
from acrn_trace.in_gdb.types import guest_types
from acrn_trace.in_gdb.vcpu import exception_frame_below, read_memory, read_stop
from acrn_trace.lint.findings import Found
from acrn_trace.lint.of_call import SiteLint, guests_own
from acrn_trace.sites.sitelist import traced_sites
from acrn_trace.tables.knowledge import Knowledge
from acrn_trace.trace.change import Intervener
from acrn_trace.trace.checks import Check, checks_of, of_answers
from acrn_trace.trace.decode import Decoder
from acrn_trace.trace.event import Event
from acrn_trace.trace.pairing import Pairing
from acrn_trace.trace.rendering import Renderer
from acrn_trace.trace.tracer import Tracer
from acrn_trace.trace.unanswered import Answers

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
    ) -> None:
        """Without ``options`` nothing is shown; ``pairing`` has the calls in flight, if known."""
        self._resumption, self._knowledge = resumption, knowledge
        self._stub = stub_descriptor()
        image = current_image()
        self._locator = locate_kernel(resumption, image, self._on_kernel)
        found = current_sites(image)
        self.sites = traced_sites(found, image, gdb.parameter("hypercall possible-sites"))
        shown = self._shown = Shown(options, knowledge, stream)
        self._show_caveats(knowledge, len(found) - len(self.sites))
        for intervener in interveners or ():
            for notice in intervener.notices():
                self.notice(notice)
        self.pairing = pairing or Pairing(exception_frame_below)
        decoder = self._decoder()
        self._tracer = Tracer(
            self.pairing,
            decoder,
            shown.selected,
            shown.sinks,
            interveners,
            GuestHands(resumption),
            self._checks(decoder),
        )
        self._hypervisor = hypervisor_side(resumption) if options else None
        if self._hypervisor:
            self._tracer.dispatcher.first.append(self._hypervisor.sides)
        self._points = SitePoints(
            resumption, self._at_point, self._read_stop, self._on_site, self._on_boot
        )
        self._boots = 0
        self._boots_in_a_row = 0  # with no stop at a site between
        self._answers = Answers(lambda event: ground_below(event.vcpu))
        self._tracer.dispatcher.first.append(self._answers)
        self.complaints: list[str] = []  # why the trace is not what its user wants
        self.leaves_complaints = False  # to whoever ends the trace
        self._guard = Guard()
        self.active = True
        self.last_signal: str | None = None  # that the guest's latest stop was for
        self._interrupted_at_point = False
        make_exact()
        self._look_at(image)
        gdb.events.stop.connect(self._on_gdb_stop)
        gdb.events.cont.connect(self._before_going_on)
        gdb.events.exited.connect(self._on_exited)
        gdb.events.connection_removed.connect(self._on_connection_removed)

    def _decoder(self) -> Decoder:
        types = self._knowledge.types
        types.guest_types = guest_types(types.own_fields, self.notice)
        return Decoder(self._knowledge, GuestPhysicalMemory(), compares_registers)

    def _checks(self, decoder: Decoder) -> list[Check]:
        of_lint = of_answers(guests_own(self._lint_of, self._knowledge.table))
        checks = checks_of(self._knowledge, decoder.absence, lambda: self._boots > 0)
        return [*checks, of_lint]

    def _look_at(self, image: Image) -> None:
        """Plant the breakpoints, and take from ``image`` what depends on where the guest has it."""
        offset = load_offset(image)
        self._lint = SiteLint(image, self._knowledge, offset, self.sites)
        self._task_of = task_reader(gdbs_own_offset(image), offset, read_memory)
        self._points.plant(self.sites, image.entry_points(offset))

    def _lint_of(self, site: Site) -> list[Found]:
        return self._lint(site)

    def _on_kernel(self, offset: int) -> None:
        """A kernel is about to run, that far from where it was linked."""
        image = current_image()
        if not self.active or offset == gdbs_own_offset(image):
            return
        if self._tracer.dispatcher.calls or self.in_flight():
            self._on_boot()
        self._points.delete()
        move_symbols(image, offset)
        with_possible = gdb.parameter("hypercall possible-sites")
        self.sites = traced_sites(current_sites(image), image, with_possible)
        self._look_at(image)
        self.notice(f"the kernel runs {offset:#x} above its link address")

    @property
    def tracer(self) -> Tracer:
        return self._tracer

    @property
    def quiet(self) -> bool:
        """Whether it shows nothing, and only lets others act on calls."""
        return self._shown.nothing

    @property
    def shows_notices(self) -> bool:
        """Whether notices are shown here."""
        return self._shown.notices_here

    def prints(self, event: Event) -> bool:
        """Whether the trace, and not only a file, shows ``event`` here."""
        return self._shown.is_here(event)

    @property
    def failure(self) -> str | None:
        return self._guard.failure

    @property
    def lost(self) -> bool:
        return self._guard.lost

    @property
    def calls(self) -> int:
        return self._tracer.dispatcher.calls

    @property
    def finding_kinds(self) -> set[str]:
        return self._tracer.dispatcher.finding_kinds

    @property
    def interrupted(self) -> bool:
        return self.last_signal == "SIGINT"

    def in_flight(self) -> list[str]:
        """A line for each call that has not returned."""
        render = Renderer(self._knowledge.table, self._knowledge.types)
        return [
            f"[{event.vcpu}] {render.call(event)}{render.outputs(event)} at {event.site}"
            for event in self._tracer.in_flight()
        ]

    def stop(self, why: str | None = None) -> None:
        """End the trace, if it has not ended: the guest runs on without our breakpoints."""
        if self.active:
            self._end(why)
        self.delete_points()

    def _end(self, why: str | None) -> None:
        self.active = False
        gdb.events.stop.disconnect(self._on_gdb_stop)
        gdb.events.cont.disconnect(self._before_going_on)
        gdb.events.exited.disconnect(self._on_exited)
        gdb.events.connection_removed.disconnect(self._on_connection_removed)
        self._guard.run_last(lambda: self._close(why))

    def delete_points(self) -> None:
        self._points.delete()
        if self._hypervisor:
            self._hypervisor.delete()
        if self._locator:
            self._locator.delete()
            self._locator = None

    def _close(self, why: str | None) -> None:
        unfinished = len(self._tracer.end_calls())
        if why:
            self.notice(f"{why}, with {_calls(unfinished)} in flight" if unfinished else why)
            self.complain_of(
                None if why == DETACHED else self._answers.unanswered(f"before {ENDED}")
            )
        for intervener in self._tracer.answering.interveners:
            for notice in intervener.last_notices():
                self.notice(notice)
        self._tracer.close()

    def complain_of(self, unanswered: str | None = None) -> None:
        """Tell why the trace is not what its user wants: no answers, or no calls to begin with."""
        text = unanswered or self._answers.unreached()
        if text and not self.failure:
            self._complain(text, self.leaves_complaints)

    def _complain(self, text: str, leave: bool) -> None:
        self.complaints.append(text)
        if not leave:
            self._tracer.dispatcher.remark(text)

    def _on_boot(self) -> None:
        """The guest's first instruction runs: the second time around, that is a reset.

        QEMU's step over a breakpoint may end where it began. So a first instruction that is met
        twice in a row may have run once: only the next time is it surely a reset.
        """
        self._boots_in_a_row += 1
        if self._boots_in_a_row == 2:
            return
        unfinished = len(self._tracer.end_calls())
        self._boots += 1
        if self._boots > 1 or unfinished or self._tracer.dispatcher.calls:
            for intervener in self._tracer.answering.interveners:
                intervener.rebooted()
            self.notice(f"the guest was reset, with {_calls(unfinished)} in flight")
            why = None if self.quiet else self._answers.rebooted()
            if why:
                self._complain(why, leave=False)

    def _read_stop(self, point: Point) -> Stop:
        of_entry = (self._shown.stacks, self._task_of) if point.enters else ()
        return read_stop(*of_entry)

    def _on_site(self, stop: Stop, point: Point) -> None:
        self._boots_in_a_row = 0
        self._answers.reached |= point.enters is not None
        self._tracer.on_stop(stop, point)
        self._resumption.reasons += self._tracer.answering.reasons
        if stops_at_clobbers() and self._tracer.dispatcher.clobber:
            self._resumption.reasons.append(f"stopped: {self._tracer.dispatcher.clobber}")

    def _at_point(self, action: Callable[[], None]) -> bool:
        if not self.active:
            return False
        stop_guest, self._interrupted_at_point = uninterrupted(lambda: self._guard.run(action))
        return stop_guest or self._interrupted_at_point or bool(self._resumption.reasons)

    def _before_going_on(self, _event: gdb.ContinueEvent) -> None:
        """A user's command makes the guest run, which it does not yet."""
        if self._tracer.answering.waits:
            uninterrupted(lambda: self._guard.run(self._answer_now))

    def _answer_now(self) -> None:
        if stub_hung_up(self._stub):
            raise TraceError("the guest is gone, and the call that it stood at was not answered")
        vcpu = self._tracer.answering.waiting.call.entry.vcpu
        threads = gdb.selected_inferior().threads()
        self._resumption.going_on = next(one for one in threads if one.ptid[1] - 1 == vcpu)
        try:
            standing = StubVcpu(self._resumption.going_on)
            registers = {name: standing.read(name) for name in ("rip", "rsp")}
            stop = Stop(vcpu, time.time(), registers)
            self._tracer.answering.before_going_on(stop, steps_over=True)
        finally:
            self._resumption.going_on = None

    def ask_again(self) -> None:
        """Somebody who had no answer to the call that the guest stands at may have one now."""
        if self._tracer.answering.asks_again:
            uninterrupted(lambda: self._guard.run(self._tracer.answering.ask_again))
            say("\n".join(self._tracer.answering.reasons).splitlines())

    def _show_caveats(self, knowledge: Knowledge, untraced: int) -> None:
        if knowledge.caveat:
            self.notice(knowledge.caveat)
        if untraced:
            self.notice(f"{untraced} possible sites are not traced (hypercall possible-sites)")

    def notice(self, text: str) -> None:
        self._shown.notice(text)

    def _on_gdb_stop(self, event: gdb.StopEvent) -> None:
        self.last_signal = getattr(event, "stop_signal", None)
        if self._interrupted_at_point:
            self.last_signal, self._interrupted_at_point = "SIGINT", False
        if self.interrupted:
            self.show_in_flight()
        if self.failure:
            self.stop()
        elif not isinstance(event, gdb.BreakpointEvent):
            make_exact()  # GDB has connected, perhaps: there a command does no harm

    def show_in_flight(self) -> None:
        """Tell of each call in flight, for a user who interrupted."""
        lines = self.in_flight
        self._guard.run(lambda: [self.notice(f"interrupted, in flight: {one}") for one in lines()])
        self._guard.run(self._complain_of_waiting)

    def _complain_of_waiting(self) -> None:
        """A user who waited in vain for the first answer may be told that none will come."""
        where = instruction_of(self._answers.first) if self._answers.none_to_come else None
        if where:
            self.complain_of(self._answers.unanswered(f"and the guest is at {where} now"))

    def _on_exited(self, event: gdb.ExitedEvent) -> None:
        """As GDB puts it: the guest ended, the stub is gone, or the user let go of it.

        QEMU says that it exits, and hangs up: it is chance whether GDB learns the first, and before
        the second. The words are the same whatever it learned.
        """
        gone = hasattr(event, "exit_code") or stub_hung_up(self._stub)
        self._on_gone(DISCONNECTED if gone else DETACHED)

    def _on_connection_removed(self, _event) -> None:
        self._on_gone(DISCONNECTED)

    def _on_gone(self, why: str) -> None:
        """GDB is letting go of the guest, and cannot delete a breakpoint before it has done so.

        Until ``stop`` deletes them the breakpoints are idle. (It is not posted to run later: GDB 13
        crashes when it exits with something posted.)
        """
        self._end(why)


def _calls(count: int) -> str:
    return f"{count} call{'s' * (count != 1)}"
