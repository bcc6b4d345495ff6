# SPDX-License-Identifier: BSD-3-Clause
"""Parses ``acrn-trace IMAGE``'s options, refuses what is wrong, and has the trace begin."""

import argparse
import importlib
import os

from acrn_trace.base.errors import TraceError
from acrn_trace.cli.commands import COMMANDS
from acrn_trace.options.declare import (
    add_bound_option,
    add_clobber_option,
    add_fail_option,
    add_knowledge_options,
    add_mock_option,
    add_site_options,
    add_trace_options,
)
from acrn_trace.options.parser import OptionParser

VERSION = "0.1.0"

USAGE = """acrn-trace [OPTIONS] IMAGE [-- QEMU ARGUMENTS]
       acrn-trace [OPTIONS] --engine plugin -- QEMU ARGUMENTS
       acrn-trace [OPTIONS] -p TARGET IMAGE
       acrn-trace [diagnose] --core DUMP|--memory FILE [IMAGE]
       acrn-trace diagnose DUMP [IMAGE]
       acrn-trace ring [-n N] DUMP|--core DUMP|--memory FILE [IMAGE]
       acrn-trace sites [-l] IMAGE
       acrn-trace lint [OPTIONS] IMAGE
       acrn-trace calls [REGEXP]
       acrn-trace record [-o FILE] [--engine ENGINE] IMAGE [-- QEMU ARGUMENTS]
       acrn-trace report|convert|diff [OPTIONS] FILE…"""

_ENGINES = {"gdb": "live", "plugin": "live_plugin", "auto": "live_auto"}  # to modules

STATUSES = """exit status: 0 the trace is complete, 1 what --fail-on names, 2 wrong use,
3 the guest, the stub or QEMU failed, nobody answered the guest, or it reached no site"""


def run(arguments: list[str]) -> int:
    """Trace a guest to its end."""
    ours, separator, for_qemu = _split(arguments)
    options = _parsed(ours, separator)
    if options.attach and separator:
        raise TraceError("-p attaches to a QEMU that runs already: leave out '--' and what follows")
    # QEMU, GDB, images and tables take many times as long to load as --help to print.
    return importlib.import_module(f"acrn_trace.cli.{_ENGINES[options.engine]}").trace(
        options, for_qemu
    )


def _parser() -> argparse.ArgumentParser:
    parser = OptionParser(
        prog="acrn-trace", usage=USAGE, description="strace for hypercalls", epilog=STATUSES
    )
    add_trace_options(parser)
    add_bound_option(parser)
    parser.add_argument(
        "-p", "--attach", metavar="TARGET", help="a stub: host:port or a socket's path"
    )
    add_knowledge_options(parser)
    add_mock_option(parser)
    add_site_options(parser)
    add_clobber_option(parser)
    add_fail_option(parser)
    parser.add_argument(
        "--engine",
        choices=_ENGINES,
        default="gdb",
        help="how calls are seen: by breakpoints, or without a stop by a plugin in QEMU 10.0 or "
        "11.1; auto: by that where it can do all that is asked (default: gdb)",
    )
    parser.add_argument("--gdb", default="gdb", help="the GDB to run (default: %(default)s)")
    parser.add_argument(
        "--qemu", default="qemu-system-x86_64", help="the QEMU (default: %(default)s)"
    )
    parser.add_argument(
        *("-V", "--version"),
        action="version",
        version=f"acrn-trace {VERSION}",
        help="print the version",
    )
    parser.add_argument(
        "image",
        metavar="IMAGE",
        nargs="?",
        help="the guest's ELF image; with --engine plugin QEMU's arguments are enough",
    )
    return parser


def _parsed(ours: list[str], separator: bool) -> argparse.Namespace:
    """The options; TraceError, with what was probably meant, where there is more than that."""
    parser = _parser()
    options, others = parser.parse_known_args(ours)
    if options.image in COMMANDS and not os.path.exists(options.image):
        raise TraceError(
            f"the command {options.image} comes first, and its options behind it: "
            f"'acrn-trace {options.image} --help' tells more"
        )
    if options.image is None and not (options.engine == "plugin" and separator):
        parser.error("the following arguments are required: IMAGE")
    if others:
        hint = "" if separator else "; QEMU's arguments go behind --"
        parser.error(f"unrecognized arguments: {' '.join(others)}{hint}")
    return options


def _split(arguments: list[str]) -> tuple[list[str], bool, list[str]]:
    if "--" not in arguments:
        return arguments, False, []
    index = arguments.index("--")
    return arguments[:index], True, arguments[index + 1 :]
