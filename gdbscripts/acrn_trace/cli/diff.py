# SPDX-License-Identifier: BSD-3-Clause
"""Runs ``acrn-trace diff``: two traces compared call by call."""

import argparse
import contextlib

from acrn_trace.base.console import standard_output
from acrn_trace.cli.trace_files import refuse_others
from acrn_trace.files.diff import Comparison
from acrn_trace.options.declare import add_filter_option, add_knowledge_options
from acrn_trace.options.knowledge import make_knowledge
from acrn_trace.options.parser import OptionParser


def run(arguments: list[str]) -> int:
    """Compare two traces; 1 if they differ."""
    options = _parser().parse_args(arguments)
    refuse_others([options.before, options.after])
    comparison = None
    with standard_output():
        comparison = Comparison(options, make_knowledge(options))
        comparison.run()
    return int(comparison is None or comparison.differ)


def _parser() -> argparse.ArgumentParser:
    parser = OptionParser(
        prog="acrn-trace diff",
        description="Compare two traces call by call on each vCPU, but for times and addresses.",
        epilog="exit status: 0 the traces are equal, 1 they differ, 2 wrong use or a damaged file",
    )
    add_filter_option(parser)
    add_knowledge_options(parser)
    parser.add_argument("--addresses", action="store_true", help="addresses count as well")
    parser.add_argument("--sites", action="store_true", help="so does where a call is made")
    parser.add_argument(
        "--times", type=_factor, metavar="N", help="so do calls that took N times as long, or 1/N"
    )
    parser.add_argument(
        "--answered-by", action="store_true", help="a mock's or a replay's answer is another one"
    )
    parser.add_argument(
        "--any-vcpu", action="store_true", help="one sequence of calls, whichever vCPU made them"
    )
    parser.add_argument("-q", "--quiet", action="store_true", help="print nothing")
    parser.add_argument("before", metavar="A", help="a trace file")
    parser.add_argument("after", metavar="B", help="another")
    return parser


def _factor(text: str) -> float:
    with contextlib.suppress(ValueError):
        if float(text) > 1:
            return float(text)
    raise argparse.ArgumentTypeError(f"{text!r} is not a number above 1")
