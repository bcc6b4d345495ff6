# SPDX-License-Identifier: BSD-3-Clause
"""Makes the sinks that options ask for."""

import argparse
from typing import IO, Callable

from acrn_trace.base.output import Output, open_output
from acrn_trace.options.declare import check_sinks
from acrn_trace.options.output import TraceOutput
from acrn_trace.sinks.chrome import ChromeSink
from acrn_trace.sinks.jsonl import JsonlSink
from acrn_trace.sinks.summary import SummarySink
from acrn_trace.sinks.text import TextSink
from acrn_trace.tables.knowledge import Knowledge
from acrn_trace.trace.rendering import Renderer
from acrn_trace.trace.sink import Remarks, Sink


def make_sinks(options: argparse.Namespace, knowledge: Knowledge, stream: IO[str]) -> list[Sink]:
    """The sinks that ``options`` ask for, on the file that they name or else on ``stream``.

    Opens the file, so call it when all else is known to be right.
    """
    check_sinks(options)
    if options.output:
        output = open_output(options.output)
    else:
        output = Output(stream, "the terminal", interactive=True)
    sinks = sinks_on(TraceOutput(output, options), options, knowledge)
    is_apart = options.output or options.summary_only
    if is_apart and not options.quiet and not any(isinstance(sink, TextSink) for sink in sinks):
        sinks.append(Remarks(stream))
    return sinks


def sinks_on(to: TraceOutput, options: argparse.Namespace, knowledge: Knowledge) -> list[Sink]:
    """The sinks that ``options`` ask for, on an output that is open."""
    sinks: list[Sink] = []
    if to.form:
        sinks.append(_SINKS[to.form](options, knowledge, to))
    if to.summary:
        sinks.append(SummarySink(to.summary))
    return sinks


def _text(options: argparse.Namespace, knowledge: Knowledge, to: TraceOutput) -> Sink:
    renderer = Renderer(knowledge.table, knowledge.types, options.verbose)
    return TextSink(to.output, renderer, to.is_quiet, to.stamps, options.stack)


_SINKS: dict[str, Callable[[argparse.Namespace, Knowledge, TraceOutput], Sink]] = {
    "text": _text,
    "jsonl": lambda _options, _knowledge, to: JsonlSink(to.output),
    "chrome": lambda _options, _knowledge, to: ChromeSink(to.output),
}
