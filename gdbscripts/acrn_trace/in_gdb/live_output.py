# SPDX-License-Identifier: BSD-3-Clause
"""Makes the sinks of a live trace: what its user asked to see, and where it goes."""

import argparse
from typing import IO

from acrn_trace.options.sinks import make_sinks
from acrn_trace.tables.knowledge import Knowledge
from acrn_trace.trace.event import Event
from acrn_trace.trace.filters import Filter
from acrn_trace.trace.sink import Sink


class Shown:
    """Without ``options`` nothing is. TraceError where a sink's file cannot be written."""

    def __init__(
        self, options: argparse.Namespace | None, knowledge: Knowledge, stream: IO[str] | None
    ) -> None:
        self._options = options
        self.selected = Filter([], knowledge.table)
        self.sinks: list[Sink] = []
        if options:
            self.selected = Filter(options.expr, knowledge.table)
            self.sinks = make_sinks(options, knowledge, stream)

    @property
    def nothing(self) -> bool:
        return self._options is None

    @property
    def stacks(self) -> bool:
        return self._options is not None and self._options.stack

    @property
    def _calls_here(self) -> bool:
        """Whether calls are lines on the stream, and not only in a file or counted."""
        asked = self._options
        return asked is not None and not (
            asked.output or asked.summary_only or asked.format != "text"
        )

    @property
    def notices_here(self) -> bool:
        return self._calls_here and not self._options.quiet

    def is_here(self, event: Event) -> bool:
        """Whether ``event`` has a line on the stream."""
        return self._calls_here and self.selected.verdict(event) is not False

    def notice(self, text: str) -> None:
        for sink in self.sinks:
            sink.notice(text)
