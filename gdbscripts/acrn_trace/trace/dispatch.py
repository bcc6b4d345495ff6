# SPDX-License-Identifier: BSD-3-Clause
"""Hands events to sinks: those that the filter selects, and to some every one."""

from collections import Counter
from typing import Iterable

from acrn_trace.guest.site import Site
from acrn_trace.trace.event import Event
from acrn_trace.trace.filters import Filter
from acrn_trace.trace.sink import Sink


class Dispatcher:
    """Counts as well what it has handed on."""

    def __init__(self, selected: Filter, sinks: Iterable[Sink]) -> None:
        self._filter = selected
        self._sinks = list(sinks)
        self.first: list[Sink] = []  # shown every call before the others, and may add to it
        self.beside: list[Sink] = []  # shown every call, whatever the filter says
        self.calls = 0
        self.troubles: set[str] = set()
        self.clobber: str | None = None  # what the call did that was shown last
        self.passed_over: Counter[tuple[str, Site]] = Counter()

    def at_next_stop(self) -> None:
        self.clobber = None

    def entered(self, event: Event) -> None:
        shown = self._sinks if self._filter.verdict(event) else []
        for sink in [*self.first, *shown, *self.beside]:
            sink.entered(event)

    def finished(self, event: Event) -> None:
        for sink in self.first:
            sink.finished(event)
        if self._filter.final_verdict(event):
            self._count(event)
            for sink in self._sinks:
                sink.finished(event)
        for sink in self.beside:
            sink.finished(event)

    def _count(self, event: Event) -> None:
        self.calls += 1
        self.troubles |= event.troubles
        if event.clobbered:
            names = ", ".join(event.clobbered)
            self.clobber = f"{event.name} changed {names}, at {event.site}"

    def pass_over(self, hypervisor: str, site: Site) -> None:
        """A call of another hypervisor's convention, which is none of ACRN's."""
        self.passed_over[hypervisor, site] += 1
        if self.passed_over[hypervisor, site] == 1:
            self._notice(f"a call of {hypervisor}'s at {site}, not of ACRN's: not traced")

    def _notice(self, text: str) -> None:
        for sink in self._sinks:
            sink.notice(text)

    def close(self) -> None:
        for (hypervisor, site), count in self.passed_over.items():
            if count > 1:
                self._notice(f"{count} calls of {hypervisor}'s at {site} were not traced")
        for text in self._filter.remarks():
            self.remark(text)
        for sink in self._sinks:
            sink.close()

    def remark(self, text: str) -> None:
        """Tell the user even where notices have no place: the trace may not be what he wants."""
        for sink in self._sinks:
            sink.remark(text)
