# SPDX-License-Identifier: BSD-3-Clause
"""Runs ``acrn-trace diagnose DUMP``, ``--core DUMP``, ``--memory FILE``: what befell a guest."""

from acrn_trace.base.console import show
from acrn_trace.cli.at_rest import add_guest_options, case_of_options
from acrn_trace.diagnosis.report import report
from acrn_trace.options.declare import add_diagnose_options
from acrn_trace.options.parser import OptionParser

USAGE = """acrn-trace diagnose DUMP [IMAGE]
       acrn-trace [diagnose] --core DUMP|--memory FILE [IMAGE]"""


def run(arguments: list[str]) -> int:
    """Print what happened to the guest of a dump or a file of memory."""
    parser = OptionParser(prog="acrn-trace diagnose", usage=USAGE)
    add_guest_options(parser)
    add_diagnose_options(parser)
    options = parser.parse_intermixed_args(arguments)
    show(report(case_of_options(options), options.json))
    return 0
