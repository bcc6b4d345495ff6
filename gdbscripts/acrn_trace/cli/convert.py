# SPDX-License-Identifier: BSD-3-Clause
"""Runs ``acrn-trace convert``: a trace file becomes one of another format."""

import argparse

from acrn_trace.base.console import standard_output
from acrn_trace.cli.offline import replay
from acrn_trace.options.declare import FORMATS, add_knowledge_options, add_trace_options
from acrn_trace.options.parser import OptionParser


def run(arguments: list[str]) -> int:
    """Convert one file; the exit status."""
    parser = OptionParser(
        prog="acrn-trace convert",
        description="Write a trace file in another format. JSONL and Chrome's keep all of a call.",
    )
    parser.add_argument("--to", choices=FORMATS, required=True, help="the format to write")
    parser.add_argument("-o", "--output", metavar="OUT", help="the file to write (default: stdout)")
    parser.add_argument(
        "file",
        metavar="FILE",
        help="a trace in JSONL or Chrome's format, or a recording; - is stdin",
    )
    add_knowledge_options(parser)
    given = parser.parse_args(arguments)
    with standard_output():
        replay([given.file], _everything(given))
    return 0


def _everything(given: argparse.Namespace) -> argparse.Namespace:
    """The options of a report that leaves nothing out."""
    parser = OptionParser()
    add_trace_options(parser)
    options = parser.parse_args([])
    options.format, options.output = given.to, given.output
    options.verbose = options.stack = True
    options.load, options.release = given.load, given.release
    return options
