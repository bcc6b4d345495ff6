# SPDX-License-Identifier: BSD-3-Clause
"""Plays trace files to sinks, for ``report`` and ``convert``."""

import argparse
import os
import sys
from typing import IO, Sequence

from acrn_trace.base.errors import TraceError
from acrn_trace.base.output import Output, open_output
from acrn_trace.base.progress import Progress
from acrn_trace.base.text import printable
from acrn_trace.cli.recordings import Recordings
from acrn_trace.cli.trace_files import refuse_others
from acrn_trace.files.playback import Playback
from acrn_trace.files.read import (
    check_trace,
    events_in,
    is_empty,
    opened,
)
from acrn_trace.options.declare import check_sinks
from acrn_trace.options.knowledge import make_knowledge
from acrn_trace.options.sinks import sinks_on
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


class ShownFiles:
    """Shows one file after the other: by sinks, or recordings by C; tells more at the end."""

    def __init__(self, options: argparse.Namespace, knowledge: Knowledge, selected: Filter) -> None:
        self._troubles = Troubles()
        self._knowledge, self._selected, self._quiet = knowledge, selected, options.quiet
        output = _output(options.output)
        self.sinks = sinks_on(output, options, knowledge)
        self._progress = Progress(shown=not output.interactive)
        self._playback = Playback(selected, [*self.sinks, self._troubles])
        self._recordings = Recordings(
            options, knowledge, selected, self.sinks, output, self._progress
        )
        self._remarks: list[str] = []

    def show(self, stream: IO[bytes], file: str) -> None:
        empty = is_empty(stream)
        if self._recordings.takes(stream):
            self._remarks += self._recordings.show(stream, file)
        else:
            events = events_in(stream, file, self._knowledge, self._selected)
            self._playback.play(self._progress.watch(events))
        if empty:
            name = "standard input" if file == "-" else file
            self._remarks.append(f"{name} is empty: it has no calls")

    @property
    def troubles(self) -> set[str]:
        """Event's, of the calls shown."""
        return self._troubles.seen | self._recordings.troubles

    def close(self) -> None:
        for sink in self.sinks:
            sink.close()
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
        for sink in shown.sinks if len(files) > 1 else ():
            sink.notice(file)
        try:
            with opened(file) as stream:
                shown.show(stream, file)
        except TraceError as error:
            failures.append(error)
            if isinstance(error.__cause__, BrokenPipeError):
                break
    return failures[0] if failures else None


def _output(path: str | None) -> Output:
    if path:
        return open_output(path, live=False)
    return Output(sys.stdout, "standard output", sys.stdout.isatty())


def _refuse_overwriting(files: Sequence[str], output: str | None) -> None:
    """TraceError if the output is one of the files to read."""
    for file in files:
        try:
            same = output is not None and os.path.samefile(file, output)
        except OSError:
            same = False
        if same:
            raise TraceError(f"-o {output} is the file to read; give it another name")
