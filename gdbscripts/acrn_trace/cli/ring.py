# SPDX-License-Identifier: BSD-3-Clause
"""Runs ``acrn-trace ring``: the calls that the rings in a dump or a file of memory have."""

import sys

from acrn_trace.at_rest.ring_listing import RingListing
from acrn_trace.base.console import standard_output
from acrn_trace.base.text import printable
from acrn_trace.cli.at_rest import add_guest_options, case_of_options
from acrn_trace.options.declare import add_ring_options, check_ring_options
from acrn_trace.options.parser import OptionParser


def run(arguments: list[str]) -> int:
    """Print what the rings in a dump or a file of memory have."""
    parser = OptionParser(
        prog="acrn-trace ring",
        usage="acrn-trace ring [-n N] DUMP|--core DUMP|--memory FILE [IMAGE]",
    )
    add_guest_options(parser)
    add_ring_options(parser)
    options = parser.parse_intermixed_args(arguments)
    check_ring_options(options)
    case = case_of_options(options)
    for note in case.found.notes:
        print(f"acrn-trace: {printable(note)}", file=sys.stderr)
    with standard_output():
        RingListing(case.found, case.knowledge, case.sites).show(options, sys.stdout)
    return 0
