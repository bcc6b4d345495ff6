# SPDX-License-Identifier: BSD-3-Clause
"""Runs ``acrn-trace calls``: prints the call table."""

from acrn_trace.base.console import show
from acrn_trace.options.declare import add_knowledge_options
from acrn_trace.options.knowledge import make_knowledge
from acrn_trace.options.parser import OptionParser
from acrn_trace.tables.listing import call_lines


def run(arguments: list[str]) -> int:
    """Print the call table: all calls, or those that match; status 1 if none does."""
    parser = OptionParser(
        prog="acrn-trace calls",
        description="List the calls that are known, with their arguments.",
    )
    parser.add_argument(
        "regexp",
        metavar="REGEXP",
        nargs="?",
        default="",
        help="a part of a name, a number, or any part of what is shown",
    )
    add_knowledge_options(parser)
    options = parser.parse_args(arguments)
    knowledge = make_knowledge(options)
    show(call_lines(knowledge.table, options.regexp, knowledge.results.elsewhere))
    return 0
