# SPDX-License-Identifier: BSD-3-Clause
"""Declares the options that commands in GDB and the launcher share, and refuses what is wrong.

Loads nothing that works on them: help is to be there at once.
"""

import argparse
from collections.abc import Collection

from acrn_trace.base.errors import TraceError
from acrn_trace.trace.finding_kinds import ANY, BAD_ENDS, FINDING_KINDS

FORMATS = ("text", "jsonl", "chrome")  # that options.sinks makes sinks of
ORDERS = ("time", "calls", "errors", "name")  # of a summary: sinks.summary


def add_filter_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        *("-e", "--expr"),
        action="append",
        default=[],
        metavar="EXPR",
        help="which calls: trace=CALL,… or trace=!CALL,… (a name, a number, %%CLASS or /REGEX), "
        "status=failed|successful|unfinished, finding=KIND, vcpu=N, site=SYMBOL; several must all "
        "hold (docs/options.md has more)",
    )


def add_trace_options(parser: argparse.ArgumentParser) -> None:
    add_filter_option(parser)
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
        *("-S", "--summary-sort-by"),
        choices=ORDERS,
        default="time",
        help="the order of the summary (default: time)",
    )
    _add_time_options(parser)
    parser.add_argument(
        "-v", "--verbose", action="store_true", help="print arrays in full, not their beginning"
    )
    parser.add_argument("-q", "--quiet", action="store_true", help="print calls, no notices")


def _add_time_options(parser: argparse.ArgumentParser) -> None:
    """strace's. The head of the trace says whose time it is."""
    forms = parser.add_mutually_exclusive_group()
    forms.add_argument(
        *("-t", "--absolute-timestamps"),
        action="count",
        default=0,
        help="begin lines with the time of day; -tt with microseconds, -ttt in seconds since 1970",
    )
    forms.add_argument(
        *("-r", "--relative-timestamps"),
        action="store_true",
        help="begin lines with the seconds since the line before",
    )
    parser.add_argument(
        "-T", "--syscall-times", action="store_true", help="show the time spent: always the case"
    )


def add_bound_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        *("-b", "--bound"),
        type=_count,
        metavar="N",
        help="end the trace after N calls: from then on the guest runs as if it was never traced",
    )


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of calls")
    return int(text)


def check_sinks(options: argparse.Namespace) -> None:
    """TraceError for what cannot go together."""
    if options.summary and options.format != "text":
        raise TraceError(
            f"-C puts its summary behind the trace, which is no {options.format} then; use -c, or "
            "'acrn-trace report -c' on the file"
        )


# What the launcher sets in GDB: parameter, and option of the same name.
SITE_PARAMETERS = ("offset", "possible-sites", "hypervisor-symbols")


def add_site_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--offset",
        default="auto",
        metavar="OFFSET",
        help="how far from its link address a PIE or KASLR image is loaded (default: GDB's idea)",
    )
    parser.add_argument(
        "--possible-sites",
        action="store_const",
        const="on",
        default="off",
        help="trace possible sites too, not only the certain ones",
    )
    parser.add_argument(
        *("--hypervisor", "--hypervisor-symbols"),
        dest="hypervisor_symbols",
        default="",
        metavar="ELF",
        help="the hypervisor's own image: show each call at both ends",
    )


def add_knowledge_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        *("-x", "--load"),
        action="append",
        default=[],
        metavar="FILE",
        help="load a call table (.def) or models in Python (.py); may be given several times",
    )
    parser.add_argument(
        "--release", metavar="RELEASE", help="the release of ACRN whose calls are expected (v3.1 …)"
    )


def add_mock_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--mock",
        action="append",
        default=[],
        metavar="MODEL",
        help="answer calls instead of a hypervisor: 'acrn [SETTING=VALUE…]', FILE.py, "
        "'NAME RETVAL' or replay:TRACE; may be given several times",
    )
    parser.add_argument(
        "--replay",
        action="append",
        dest="mock",
        type="replay:{}".format,
        metavar="TRACE",
        help="the same as --mock replay:TRACE",
    )


def add_clobber_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--no-clobbers",
        action="store_true",
        help="do not compare registers over a call, which --engine plugin is faster for",
    )


def add_fail_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        *("--fail-on",),
        action="append",
        default=[],
        choices=(*FINDING_KINDS, ANY, *BAD_ENDS),
        metavar="KIND",
        help="exit with status 1 on a finding of KIND (clobber …, or any), or on a call that "
        "failed or is unfinished",
    )


def is_failure(options: argparse.Namespace, troubles: Collection[str]) -> bool:
    """Whether ``troubles``, as Event's, are what --fail-on asks about."""
    wanted, troubles = set(options.fail_on), set(troubles)
    return bool(wanted & troubles or (ANY in wanted and troubles.difference(BAD_ENDS)))


def add_lint_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print one JSON object, not text")
    parser.add_argument(
        *("-f", "--format"),
        choices=("text", "gcc"),
        default="text",
        help="gcc: file:line: warning: text [ID], for editors and CI (default: %(default)s)",
    )
    parser.add_argument(
        "--disable",
        action="append",
        default=[],
        metavar="ID",
        help="leave out the findings of kind ID; may be given several times",
    )
    parser.add_argument(
        "--only",
        action="append",
        default=[],
        metavar="ID",
        help="leave out all other findings; may be given several times",
    )
    parser.add_argument(
        "--explain", metavar="ID", help="say what a kind of finding means, with an example"
    )
    parser.add_argument(
        "--possible-sites", action="store_true", help="judge the possible sites too"
    )


def add_diagnose_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print one JSON object, not a page")


def add_ring_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "-n", dest="count", type=int, metavar="N", help="the last N calls of each vCPU, not all"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object a call (JSONL)")


def check_ring_options(options: argparse.Namespace) -> None:
    if options.count is not None and options.count < 1:
        raise TraceError(f"-n {options.count}: not a number of calls")
