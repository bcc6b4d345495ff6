# SPDX-License-Identifier: BSD-3-Clause
"""Plays trace files to sinks, event by event, for ``report`` and ``convert``."""

import argparse
import io

from acrn_trace.base.progress import Progress
from acrn_trace.files.playback import Playback
from acrn_trace.files.read import events_in
from acrn_trace.options.output import TraceOutput
from acrn_trace.options.sinks import sinks_on
from acrn_trace.rings.judge import Judge
from acrn_trace.tables.knowledge import Knowledge
from acrn_trace.trace.event import Event
from acrn_trace.trace.filters import Filter
from acrn_trace.trace.sink import Sink


class Troubles(Sink):
    """Remembers what troubles there were, of the few that there are."""

    MAX_KINDS = 256

    def __init__(self) -> None:
        self.seen: set[str] = set()

    def finished(self, event: Event) -> None:
        if len(self.seen) < self.MAX_KINDS:
            self.seen |= event.troubles


class EventFiles:
    """The files whose calls become events, in any form that there is."""

    def __init__(
        self,
        options: argparse.Namespace,
        knowledge: Knowledge,
        selected: Filter,
        to: TraceOutput,
        progress: Progress,
        judge: Judge | None = None,
    ) -> None:
        self._judge = judge
        self._knowledge, self._selected, self._progress = knowledge, selected, progress
        self._troubles = Troubles()
        self._sinks = sinks_on(to, options, knowledge)
        self._playback = Playback(selected, [*self._sinks, self._troubles])

    def show(self, file: io.BufferedIOBase, name: str) -> None:
        events = events_in(file, name, self._knowledge, self._selected, self._judge)
        self._playback.play(self._progress.watch(events))

    def close(self) -> None:
        for sink in self._sinks:
            sink.close()

    @property
    def troubles(self) -> set[str]:
        return self._troubles.seen
