# SPDX-License-Identifier: BSD-3-Clause
"""Shows recordings for ``report`` and ``convert`` by the reader in C, among other files.

Nothing here makes an event, or loads what works on events.
"""

import argparse
import io
from collections.abc import Iterator

from acrn_trace.base.progress import Progress
from acrn_trace.files.start import recording_version
from acrn_trace.options.output import TraceOutput
from acrn_trace.rings.report import Form, Report
from acrn_trace.tables.knowledge import Knowledge
from acrn_trace.trace.filters import Filter

TYPE_CHECKING = False  # as typing has it, which takes long to load
if TYPE_CHECKING:
    from acrn_trace.rings.judge import Judge

CLOCKS = {1: "tsc", 2: "plugin", 3: "guest"}  # enum hypercall_clock, as the head has them


FORMS = {"text": Form.TEXT, "jsonl": Form.JSON, None: Form.COUNTS_ALONE}  # of a TraceOutput


class Recordings:
    """The recordings among the files that are shown; what shows them is made for the first one."""

    def __init__(
        self,
        options: argparse.Namespace,
        knowledge: Knowledge,
        selected: Filter,
        to: TraceOutput,
        progress: Progress,
        judge: "Judge | None" = None,
    ) -> None:
        """With a ``judge`` a file grows, and what is shown of it can be read at once."""
        self._judge = judge
        self._is_verbose: bool = options.verbose
        self._knowledge, self._selected = knowledge, selected
        self._to, self._progress = to, progress
        self._report: Report | None = None

    @property
    def has_form(self) -> bool:
        """Whether C writes the form asked for."""
        return self._to.form in FORMS

    def takes(self, file: io.BufferedIOBase) -> bool:
        """Whether ``file`` is a recording that C shows in the forms asked for."""
        version, stamps = recording_version(file), self._to.stamps
        if version is None or not self.has_form:
            return False
        if stamps and stamps.is_of_day:  # of the guest's counter there is none
            return version == 1 and not stamps.is_headed
        return True

    def show(self, file: io.BufferedIOBase, name: str) -> Iterator[str]:
        """Show one; then what there is to say to the user beside it."""
        report = self._report = self._report or self._made()
        stamps, style = self._to.stamps, report.state.style
        if stamps:
            style.is_started = stamps.is_headed
            style.start = round((stamps.start or 0) * 1e6)
        try:
            for text in report.texts(file, name):
                self._to.output.write_utf8(text)
                if self._judge:
                    self._to.output.flush()
                self._progress.reach(report.state.calls)
        finally:
            self._go_on(report)
        yield from report.unsaid()
        if not report.state.calls and not self._judge:
            yield f"{name} is a recording of no calls"

    def _made(self) -> Report:
        to = self._to
        report = Report(
            self._knowledge, FORMS[to.form], self._selected, to.summary is not None, self._judge
        )
        report.state.style.is_verbose = self._is_verbose
        report.state.style.is_quiet = to.is_quiet
        report.state.style.is_relative = bool(to.stamps and to.stamps.is_relative)
        return report

    def _go_on(self, report: Report) -> None:
        """Have others go on behind what was shown."""
        clock, to = CLOCKS.get(report.state.clock), self._to
        if clock and to.stamps:
            to.stamps.gone_on(clock, report.state.style.start / 1e6)
        if clock and to.summary:
            to.summary.add_counted(report.rows(), clock)
        report.take_back()

    @property
    def troubles(self) -> set[str]:
        return self._report.troubles if self._report else set()
