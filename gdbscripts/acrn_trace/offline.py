# SPDX-License-Identifier: BSD-3-Clause
"""What ``report`` and ``convert`` do: play trace files to sinks."""

import argparse
import os
import sys
from typing import Sequence

from acrn_trace.errors import TraceError
from acrn_trace.event import Event
from acrn_trace.knowledge import Knowledge
from acrn_trace.options import check_sinks, make_filter, make_knowledge, sinks_on
from acrn_trace.playback import Playback
from acrn_trace.progress import Progress
from acrn_trace.quicktext import QuickText, library
from acrn_trace.sinks import Output, Sink, open_output
from acrn_trace.sinks.text import TextSink
from acrn_trace.tracefile import check_trace, is_recording, opened, read_events


class FindingKinds(Sink):
    """Remembers what kinds of findings there were, of the few that there are."""

    MAX_KINDS = 256

    def __init__(self) -> None:
        self.kinds: set[str] = set()

    def finished(self, event: Event) -> None:
        if event.findings and len(self.kinds) < self.MAX_KINDS:
            self.kinds |= {finding.kind for finding in event.findings}


def replay(files: Sequence[str], options: argparse.Namespace) -> set[str]:
    """Play ``files`` as ``options`` say; the kinds of the findings.

    A file that is damaged is shown up to there, and the others after it; then TraceError.
    """
    check_sinks(options)
    knowledge = make_knowledge(options)
    selected = make_filter(options, knowledge.table)
    for file in files:
        check_trace(file)
    _refuse_overwriting(files, options.output)
    output = _output(options.output)
    sinks, found = sinks_on(output, options, knowledge), FindingKinds()
    playback = Playback(selected, [*sinks, found])
    quick = _quick(options, knowledge, output, sinks, found)
    progress = Progress(shown=not output.interactive)
    failures = []
    for file in files:
        if len(files) > 1:
            for sink in sinks:
                sink.notice(file)
        try:
            if quick and is_recording(file):
                with opened(file) as stream:
                    quick.show(stream, file)
            else:
                playback.play(progress.watch(read_events(file, knowledge)))
        except TraceError as error:
            failures.append(error)
            if isinstance(error.__cause__, BrokenPipeError):
                break
    for sink in sinks:
        sink.close()
    progress.close()
    if failures:
        raise failures[0]
    return found.kinds


def _quick(
    options: argparse.Namespace,
    knowledge: Knowledge,
    output: Output,
    sinks: Sequence[Sink],
    found: Sink,
) -> QuickText | None:
    """For recordings, where they are to be shown as text and whole; None if that cannot be."""
    sink = sinks[0]
    if len(sinks) > 1 or not isinstance(sink, TextSink) or not sink.stamps.is_plain or options.expr:
        return None
    code = library()
    return QuickText(code, knowledge, sink, output, [found], options.verbose) if code else None


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
