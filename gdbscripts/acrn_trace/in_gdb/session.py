# SPDX-License-Identifier: BSD-3-Clause
"""Keeps what lasts from one command to the next: the tables, the trace, and who intervenes."""

import argparse
import contextlib
from typing import IO, Any, TypeVar

import gdb

from acrn_trace.act.inject import Injector
from acrn_trace.act.inject_grammar import split_expressions
from acrn_trace.base.errors import TraceError
from acrn_trace.guest.site import functions_of
from acrn_trace.in_gdb import events
from acrn_trace.in_gdb.guest_memory import GuestPhysicalMemory
from acrn_trace.in_gdb.image import current_image, sites_to_trace
from acrn_trace.in_gdb.live import LiveTrace
from acrn_trace.in_gdb.resume import Resumption
from acrn_trace.rings.plugin_stops import PluginStops
from acrn_trace.sites.stubs import possible_callers
from acrn_trace.tables.knowledge import Knowledge, acrn
from acrn_trace.trace.filters import Filter
from acrn_trace.trace.intervener import CATCHES, Intervener

Made = TypeVar("Made")


class Session:
    """Interveners need a trace: where the user has none, one that shows nothing runs for them."""

    def __init__(self) -> None:
        self.resumption = Resumption()
        self.knowledge: Knowledge = acrn()
        self.trace: LiveTrace | None = None
        self.interveners: list[Intervener] = []  # inject, then replay or mock, then catch
        self._injector: Injector | None = None  # of the trace's own options
        self.stops: PluginStops | None = (
            None  # QEMU's plugin, if it stops the guest for catchpoints
        )
        self._made: dict[type, Any] = {}
        events.stop.connect(self._on_gdb_stop)

    def the(self, kind: type[Made]) -> Made:
        """The only one of a class: it is made, with the session, when it is first asked for."""
        if kind not in self._made:
            self._made[kind] = kind(self)
        return self._made[kind]

    def active(self) -> LiveTrace | None:
        """The trace that runs, be it one that shows nothing."""
        return self.trace if self.trace and self.trace.active else None

    def running(self) -> LiveTrace | None:
        """The trace that the user asked for, if it runs."""
        trace = self.active()
        return trace if trace and not trace.quiet else None

    def start(self, options: argparse.Namespace, stream: IO[str]) -> LiveTrace:
        """Show a trace from now on; the calls in flight that are known stay known."""
        self._check_sees_all("hypercall trace")
        options.expr, rules = split_expressions(options.expr, self.knowledge)
        selected = Filter(options.expr, self.knowledge.table)
        selected.check_sites(
            lambda: functions_of(sites_to_trace(current_image())),
            lambda: possible_callers(current_image(), sites_to_trace(current_image())),
        )
        self._end_injections()
        try:
            trace = self._replace_trace(options, stream)
        except TraceError:
            self._keep_intervening()
            raise
        trace.when_bounded = self.stop
        if rules:
            self._injector = Injector(self.knowledge, GuestPhysicalMemory())
            self._injector.rules = rules
            self.intervene(self._injector)
        return trace

    def stop(self) -> None:
        """End the user's trace; those who intervene go on."""
        self._end_injections()
        if any(intervener.has_work for intervener in self.interveners):
            self._replace_trace(None, None)
        else:
            self.forget_trace()

    def _replace_trace(
        self, options: argparse.Namespace | None, stream: IO[str] | None
    ) -> LiveTrace:
        self.knowledge.check()
        before = self.active()
        pairing = before.pairing.continued() if before else None
        handover = before.tracer.handed_over() if before else None
        self.forget_trace()
        self.trace = LiveTrace(
            *(self.resumption, options, self.knowledge, stream, self.interveners, pairing),
            stops=self.stops,
        )
        if handover:
            self.trace.tracer.take_over(handover)
        return self.trace

    def _end_injections(self) -> None:
        """What ``-e inject=`` asked for ends with its trace."""
        if self._injector:
            self.interveners.remove(self._injector)
        self._injector = None

    def _on_gdb_stop(self, event: gdb.StopEvent) -> None:
        """Connected anew, perhaps: those who intervened before do so again.

        That may take commands, which is not for a breakpoint's stop, and GDB connects by no such.
        """
        if self.trace and not self.trace.active and not isinstance(event, gdb.BreakpointEvent):
            self._end_injections()
            self._keep_intervening()

    def _keep_intervening(self) -> None:
        if self.interveners and not self.active():
            self._replace_trace(None, None)

    def intervene(self, intervener: Intervener) -> None:
        """Ask it from now on of every call, in its turn (``intervener.rank``)."""
        if intervener.rank != CATCHES:
            self._check_sees_all("what answers or changes calls")
        if not self.active():
            self._replace_trace(None, None)
        if intervener not in self.interveners:
            self.interveners.append(intervener)
        self.interveners.sort(key=lambda one: one.rank)
        for notice in intervener.notices():
            self.notice(notice)

    def use_plugin(self, path: str) -> None:
        """Have QEMU's plugin stop the guest, for catchpoints alone; "" has breakpoints do it.
        TraceError where somebody needs every call, or the file is none."""
        if self.running() or any(one.has_work for one in self.interveners):
            raise TraceError(
                "calls are traced, caught or answered already, by breakpoints or by the plugin; "
                "end that first"
            )
        self.forget_trace()
        self.stops = PluginStops(path) if path else None

    def no_stops(self) -> contextlib.AbstractContextManager[None]:
        """QEMU's plugin stops nothing meanwhile."""
        return self.stops.paused() if self.stops else contextlib.nullcontext()

    def _check_sees_all(self, who: str) -> None:
        if self.stops:
            raise TraceError(
                f"{who} needs a breakpoint at each call, and the plugin stops for catchpoints "
                "alone; 'set hypercall plugin' without a file uses breakpoints again"
            )

    def notice(self, text: str) -> None:
        """For whoever reads the trace, if one runs."""
        trace = self.active()
        if trace:
            trace.notice(text)

    def withdraw(self, intervener: Intervener) -> None:
        """Ask it no more."""
        if intervener in self.interveners:
            self.interveners.remove(intervener)
        trace = self.active()
        if trace and trace.quiet and not self.interveners:
            self.forget_trace()

    def forget_trace(self) -> None:
        """End the trace; what one whose connection ended could not take with it goes now."""
        if self.trace:
            self.trace.stop()


_sessions: list[Session] = []


def current_session() -> Session:
    """The one of this GDB."""
    if not _sessions:
        _sessions.append(Session())
    return _sessions[0]
