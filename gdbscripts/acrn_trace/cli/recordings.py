# SPDX-License-Identifier: BSD-3-Clause
"""Shows recordings for ``report`` and ``convert`` by the reader in C, among other files.

What sinks have come to with the files before, they go on from: the first time, the rows.
"""

import argparse
from typing import IO, Iterator, Sequence

from acrn_trace.base.output import Output
from acrn_trace.base.progress import Progress
from acrn_trace.files.read import recording_version
from acrn_trace.rings.report import Form, Report
from acrn_trace.sinks.counted import counted_rows
from acrn_trace.sinks.jsonl import JsonlSink
from acrn_trace.sinks.summary import SummarySink
from acrn_trace.sinks.text import TextSink
from acrn_trace.tables.knowledge import Knowledge
from acrn_trace.trace.filters import Filter
from acrn_trace.trace.sink import Sink

CLOCKS = {1: "tsc", 2: "host", 3: "guest"}  # enum hypercall_clock


class Recordings:
    """The recordings among the files that are shown; made when the first one comes."""

    def __init__(
        self,
        options: argparse.Namespace,
        knowledge: Knowledge,
        selected: Filter,
        sinks: Sequence[Sink],
        output: Output,
        progress: Progress,
    ) -> None:
        self._options, self._knowledge, self._selected = options, knowledge, selected
        self._text = next((sink for sink in sinks if isinstance(sink, TextSink)), None)
        self._summary = next((sink for sink in sinks if isinstance(sink, SummarySink)), None)
        self._has_json = any(isinstance(sink, JsonlSink) for sink in sinks)
        known = (self._text, self._summary)
        self._is_for_all = all(sink in known or isinstance(sink, JsonlSink) for sink in sinks)
        self._output, self._progress = output, progress
        self._report: Report | None = None

    def takes(self, file: IO[bytes]) -> bool:
        """Whether ``file`` is a recording that C shows in the forms asked for."""
        version = recording_version(file)
        if version is None or not self._is_for_all:
            return False
        if self._text and self._text.stamps.is_of_day:  # of the guest's counter there is none
            return version == 1 and not self._text.shows_times_of_day
        return True

    def show(self, file: IO[bytes], name: str) -> Iterator[str]:
        """Show one; then what there is to say to the user beside it."""
        report = self._report = self._report or self._made()
        style = report.state.style
        if self._text:
            style.is_started = self._text.is_started
            style.start = round((self._text.stamps.start or 0) * 1e6)
        try:
            for text in report.texts(file, name):
                self._output.write_utf8(text)
                self._progress.reach(report.state.calls)
        finally:
            self._go_on(report)
        yield from report.unsaid()

    def _made(self) -> Report:
        form = Form.TEXT if self._text else Form.JSON if self._has_json else Form.COUNTS_ALONE
        report = Report(self._knowledge, form, self._selected, self._summary is not None)
        report.state.style.is_verbose = self._options.verbose
        report.state.style.is_quiet = self._options.quiet
        report.state.style.is_relative = bool(self._text and self._text.stamps.is_relative)
        return report

    def _go_on(self, report: Report) -> None:
        """Have the sinks go on behind what was shown."""
        clock = CLOCKS.get(report.state.clock)
        if clock and self._text:
            self._text.gone_on(clock, report.state.style.start / 1e6)
        if clock and self._summary:
            self._summary.add_rows(clock, counted_rows(report.rows()))
        report.take_back()

    @property
    def troubles(self) -> set[str]:
        return self._report.troubles if self._report else set()
