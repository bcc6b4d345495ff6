# SPDX-License-Identifier: BSD-3-Clause
"""Runs ``acrn-trace --core DUMP`` and ``--memory FILE``: what happened to a guest."""

from acrn_trace.base.console import show
from acrn_trace.cli.at_rest import add_guest_options, case_of_options
from acrn_trace.diagnosis.report import report
from acrn_trace.options.declare import add_diagnose_options
from acrn_trace.options.parser import OptionParser


def run(arguments: list[str]) -> int:
    """Print what happened to the guest of a dump or a file of memory."""
    parser = OptionParser(prog="acrn-trace", usage="acrn-trace --core DUMP|--memory FILE [IMAGE]")
    add_guest_options(parser)
    add_diagnose_options(parser)
    options = parser.parse_args(arguments)
    show(report(case_of_options(options), options.json))
    return 0
