# SPDX-License-Identifier: BSD-3-Clause
"""``acrn-trace --core DUMP`` and ``--memory FILE``, and ``acrn-trace ring`` on them; no GDB needed.

GDB opens a ``-p`` dump in as many seconds as it has tens of thousands of program headers; and what
is asked of it here, the image's symbols and lines, is in the image.
"""

import argparse
import sys

from acrn_trace.at_rest.corefile import open_core
from acrn_trace.at_rest.memoryfile import open_memory
from acrn_trace.base.console import show, standard_output
from acrn_trace.base.errors import TraceError
from acrn_trace.base.text import printable
from acrn_trace.guest.snapshot import Snapshot
from acrn_trace.options import OptionParser, add_knowledge_options, make_knowledge

SOURCES = ("--core", "--memory")


def is_about_a_dead_guest(arguments: list[str]) -> bool:
    """Whether the launcher's arguments are for ``diagnose_file``."""
    return any(argument.partition("=")[0] in SOURCES for argument in arguments)


def diagnose_file(arguments: list[str]) -> int:
    """Print what happened to the guest of a dump or a file of memory."""
    from acrn_trace.diagnosis.command import add_diagnose_options, case_of, lines

    parser = OptionParser(prog="acrn-trace", usage="acrn-trace --core DUMP|--memory FILE [IMAGE]")
    _add_options(parser)
    add_diagnose_options(parser)
    options = parser.parse_args(arguments)
    knowledge = make_knowledge(options)
    case = case_of(_snapshot(options), options.image, _offset(options.offset), knowledge)
    show(lines(case, options))
    return 0


def show_ring(arguments: list[str]) -> int:
    """Print what the rings in a dump or a file of memory have."""
    from acrn_trace.diagnosis.command import case_of
    from acrn_trace.at_rest.ring_listing import RingListing, add_ring_options, check_ring_options

    parser = OptionParser(
        prog="acrn-trace ring", usage="acrn-trace ring [-n N] --core DUMP|--memory FILE [IMAGE]"
    )
    _add_options(parser)
    add_ring_options(parser)
    options = parser.parse_args(arguments)
    check_ring_options(options)
    knowledge = make_knowledge(options)
    case = case_of(_snapshot(options), options.image, _offset(options.offset), knowledge)
    for note in case.found.notes:
        print(f"acrn-trace: {printable(note)}", file=sys.stderr)
    with standard_output():
        RingListing(case.found, knowledge, case.sites).show(options, sys.stdout)
    return 0


def _add_options(parser: argparse.ArgumentParser) -> None:
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--core", metavar="DUMP", help="a dump of QEMU's dump-guest-memory")
    source.add_argument("--memory", metavar="FILE", help="a file of QEMU's pmemsave")
    parser.add_argument(
        "--base",
        default="0",
        metavar="ADDRESS",
        help="the guest-physical address of the memory file's first byte (default: 0)",
    )
    parser.add_argument(
        "--offset",
        default="0",
        metavar="OFFSET",
        help="how far from its link address a PIE or KASLR image was loaded (default: 0)",
    )
    add_knowledge_options(parser)
    parser.add_argument("image", metavar="IMAGE", nargs="?", help="the guest's ELF image")


def _snapshot(options: argparse.Namespace) -> Snapshot:
    if options.core:
        return open_core(options.core)
    return open_memory(options.memory, _number("--base", options.base))


def _offset(text: str) -> int:
    return 0 if text == "auto" else _number("--offset", text)


def _number(option: str, text: str) -> int:
    try:
        return int(text, 0)
    except ValueError:
        raise TraceError(f"{option} takes a number, and was given {text!r}") from None
