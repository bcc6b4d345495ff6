# SPDX-License-Identifier: BSD-3-Clause
"""Runs ``acrn-trace report``: any sink, the filters and the summary over trace files."""

from acrn_trace.base.console import standard_output
from acrn_trace.cli.offline import replay
from acrn_trace.options.declare import (
    add_fail_option,
    add_knowledge_options,
    add_trace_options,
    is_failure,
)
from acrn_trace.options.parser import OptionParser


def run(arguments: list[str]) -> int:
    """Show trace files as if they were traced now; the exit status."""
    parser = OptionParser(
        prog="acrn-trace report",
        description="Show trace files with the filters and in the forms of a live trace.",
    )
    add_trace_options(parser)
    add_knowledge_options(parser)
    add_fail_option(parser)
    parser.add_argument(
        "files",
        metavar="FILE",
        nargs="+",
        help="a trace in JSONL or Chrome's format, or a recording; - is stdin",
    )
    options = parser.parse_args(arguments)
    troubles: set[str] = set()
    with standard_output():
        troubles = replay(options.files, options)
    return int(is_failure(options, troubles))
