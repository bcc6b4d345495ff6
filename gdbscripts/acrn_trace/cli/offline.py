# SPDX-License-Identifier: BSD-3-Clause
"""Shows trace files for ``report`` and ``convert``: recordings by C, others event by event."""

import argparse
import io
import os
import sys
from collections.abc import Sequence
from functools import cached_property

from acrn_trace.base.errors import TraceError
from acrn_trace.base.output import Output, open_output
from acrn_trace.base.progress import Progress
from acrn_trace.base.text import printable
from acrn_trace.cli.recordings import Recordings
from acrn_trace.cli.trace_files import refuse_others
from acrn_trace.files.start import check_trace, is_empty, opened
from acrn_trace.options.declare import check_sinks
from acrn_trace.options.knowledge import make_knowledge
from acrn_trace.options.output import TraceOutput
from acrn_trace.tables.knowledge import Knowledge
from acrn_trace.trace.filters import Filter

TYPE_CHECKING = False  # as typing has it, which takes long to load
if TYPE_CHECKING:
    from acrn_trace.rings.judge import Judge


class ShownFiles:
    """Shows one file after the other, and tells more at the end."""

    def __init__(
        self,
        options: argparse.Namespace,
        knowledge: Knowledge,
        selected: Filter,
        judge: "Judge | None" = None,
    ) -> None:
        """With a ``judge`` it is a live trace, whose file grows."""
        output = _output(options.output, sys.stderr if judge else sys.stdout)
        self._to = TraceOutput(output, options)
        self._progress = Progress(shown=not (output.interactive or judge))
        self._shared = options, knowledge, selected, self._to, self._progress, judge
        self._recordings = Recordings(*self._shared)
        self._selected, self._quiet = selected, options.quiet
        self._remarks: list[str] = []

    @cached_property
    def _event_files(self):
        """The EventFiles, loaded with all that works on events where C does not show a file."""
        from acrn_trace.cli.event_files import EventFiles

        return EventFiles(*self._shared)

    @property
    def _has_events(self) -> bool:
        return "_event_files" in vars(self) or not self._recordings.has_form

    def show(self, file: io.BufferedIOBase, name: str) -> None:
        empty = is_empty(file)
        if self._recordings.takes(file):
            self._remarks += self._recordings.show(file, name)
        else:
            self._event_files.show(file, name)
        if empty:
            name = "standard input" if name == "-" else name
            self._remarks.append(f"{name} is empty: it has no calls")

    def notice(self, text: str) -> None:
        """Between two files, or at the end."""
        self._to.notice(text)

    @property
    def troubles(self) -> set[str]:
        """Event's, of the calls shown."""
        of_events = self._event_files.troubles if self._has_events else set()
        return of_events | self._recordings.troubles

    def close(self) -> None:
        (self._event_files if self._has_events else self._to).close()
        self._progress.close()
        for text in () if self._quiet else (*self._remarks, *self._selected.remarks()):
            print(f"acrn-trace: {printable(text)}", file=sys.stderr)


def replay(files: Sequence[str], options: argparse.Namespace) -> set[str]:
    """Play ``files`` as ``options`` say; the troubles of the calls shown.

    A file that is damaged is shown up to there, and the others after it; then TraceError.
    """
    check_sinks(options)
    knowledge = make_knowledge(options)
    selected = Filter(options.expr, knowledge.table)
    refuse_others(list(files))
    for file in files:
        check_trace(file)
    _refuse_overwriting(files, options.output)
    shown = ShownFiles(options, knowledge, selected)
    failure = _show_all(files, shown)
    shown.close()
    if failure:
        raise failure
    return shown.troubles


def _show_all(files: Sequence[str], shown: ShownFiles) -> TraceError | None:
    """Show one file after the other; the first that went wrong, if one did."""
    failures = []
    for file in files:
        if len(files) > 1:
            shown.notice(file)
        try:
            with opened(file) as stream:
                shown.show(stream, file)
        except TraceError as error:
            failures.append(error)
            if isinstance(error.__cause__, BrokenPipeError):
                break
    return failures[0] if failures else None


def _output(path: str | None, otherwise: io.TextIOBase) -> Output:
    if path:
        return open_output(path, live=False)
    name = "standard error" if otherwise is sys.stderr else "standard output"
    return Output(otherwise, name, otherwise.isatty())


def _refuse_overwriting(files: Sequence[str], output: str | None) -> None:
    """TraceError if the output is one of the files to read."""
    for file in files:
        try:
            same = output is not None and os.path.samefile(file, output)
        except OSError:
            same = False
        if same:
            raise TraceError(f"-o {output} is the file to read; give it another name")
