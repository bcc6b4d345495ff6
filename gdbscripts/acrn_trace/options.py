# SPDX-License-Identifier: BSD-3-Clause
"""The options of a trace, the same for ``hypercall trace`` in GDB and for the launcher."""

import argparse
from typing import IO, NoReturn

from acrn_trace.calltable import CallTable
from acrn_trace.errors import TraceError
from acrn_trace.filters import Filter
from acrn_trace.knowledge import Knowledge, acrn
from acrn_trace.rendering import Renderer
from acrn_trace.sinks import Output, Sink, open_output
from acrn_trace.sinks.jsonl import JsonlSink
from acrn_trace.sinks.summary import SummarySink
from acrn_trace.sinks.text import TextSink

FORMATS = ("text", "jsonl")


class OptionParser(argparse.ArgumentParser):
    """An argument parser whose complaint is a TraceError, for use where exit() is not ours."""

    def error(self, message: str) -> NoReturn:
        raise TraceError(f"{self.prog}: {message}; see its help")


def add_trace_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        *("-e", "--expr"),
        action="append",
        default=[],
        metavar="EXPR",
        help="which calls: trace=NAME,… or trace=!NAME,…, status=failed|successful|unfinished, "
        "vcpu=N, site=SYMBOL; several must all hold",
    )
    parser.add_argument("-o", "--output", metavar="FILE", help="write the trace to FILE")
    parser.add_argument(
        "-f", "--format", choices=FORMATS, default="text", help="the trace's form (default: text)"
    )
    parser.add_argument(
        "-c", "--summary-only", action="store_true", help="print only a summary, at the end"
    )
    parser.add_argument(
        "-C", "--summary", action="store_true", help="print the trace and a summary at the end"
    )
    parser.add_argument(
        "-k", "--stack", action="store_true", help="print the guest's call stack of each call"
    )
    parser.add_argument(
        "-v", "--verbose", action="store_true", help="print arrays in full, not their beginning"
    )
    parser.add_argument("-q", "--quiet", action="store_true", help="print calls, no notices")


def add_knowledge_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        *("-x", "--load"),
        action="append",
        default=[],
        metavar="FILE",
        help="load a call table (.def); may be given several times",
    )
    parser.add_argument(
        "--release", metavar="RELEASE", help="the release of ACRN whose calls are expected (v3.1 …)"
    )


def make_knowledge(options: argparse.Namespace) -> Knowledge:
    return acrn(options.release, options.load)


def make_sinks(options: argparse.Namespace, knowledge: Knowledge, stream: IO[str]) -> list[Sink]:
    """The sinks that ``options`` ask for, on the file that they name or else on ``stream``.

    Opens the file, so call it when all else is known to be right.
    """
    if options.output:
        output = open_output(options.output)
    else:
        output = Output(stream, "the terminal", interactive=True)
    sinks: list[Sink] = []
    if not options.summary_only:
        sinks.append(_SINKS[options.format](options, knowledge, output))
    if options.summary_only or options.summary:
        sinks.append(SummarySink(output))
    return sinks


def _text(options: argparse.Namespace, knowledge: Knowledge, output: Output) -> Sink:
    renderer = Renderer(knowledge.table, knowledge.structures, options.verbose)
    return TextSink(output, renderer, options.quiet)


_SINKS = {"text": _text, "jsonl": lambda _options, _knowledge, output: JsonlSink(output)}


def make_filter(options: argparse.Namespace, table: CallTable) -> Filter:
    return Filter(options.expr, table)
