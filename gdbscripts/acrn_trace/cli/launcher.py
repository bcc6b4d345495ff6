# SPDX-License-Identifier: BSD-3-Clause
"""The command ``acrn-trace``: which command is meant, and the trace of a live guest."""

import argparse
import os
import re
import signal
import sys
import tempfile
from pathlib import Path

from acrn_trace import VERSION
from acrn_trace.act.inject_grammar import split_expressions
from acrn_trace.base.errors import TargetError, TraceError
from acrn_trace.base.suggest import near
from acrn_trace.base.text import printable
from acrn_trace.cli import qemu
from acrn_trace.cli.convert import convert
from acrn_trace.cli.dead_guest import diagnose_file, is_about_a_dead_guest, show_ring
from acrn_trace.cli.debugger import Request, Result, check_gdb, trace_in_gdb
from acrn_trace.cli.record import record
from acrn_trace.cli.report import report
from acrn_trace.cli.reset_log import ResetLog, may_log
from acrn_trace.cli.without_guest import lint, list_calls, list_sites
from acrn_trace.files.diff import diff
from acrn_trace.image.image import open_image
from acrn_trace.options import (
    OptionParser,
    add_fail_option,
    add_knowledge_options,
    add_mock_option,
    add_site_options,
    add_trace_options,
    is_failure,
    make_knowledge,
    mocks,
)
from acrn_trace.sites.hypervisor_code import hypervisor_code
from acrn_trace.sites.sitelist import image_sites, traced_sites
from acrn_trace.trace.filters import Filter

USAGE = """acrn-trace [OPTIONS] IMAGE [-- QEMU ARGUMENTS]
       acrn-trace [OPTIONS] -p TARGET IMAGE
       acrn-trace --core DUMP|--memory FILE [IMAGE]
       acrn-trace ring [-n N] --core DUMP|--memory FILE [IMAGE]
       acrn-trace sites [-l] IMAGE
       acrn-trace lint [OPTIONS] IMAGE
       acrn-trace calls [REGEXP]
       acrn-trace record [-o FILE] IMAGE [-- QEMU ARGUMENTS]
       acrn-trace report|convert|diff [OPTIONS] FILE…"""

TRIPLE_FAULT = "the guest ended in a triple fault (QEMU's '-d int -D FILE' logs what led there)"

_COMMAND = re.compile("[a-z][a-z-]*")

STATUSES = """exit status: 0 the trace is complete, 1 a finding that --fail-on names, 2 wrong use,
3 the guest, the stub or QEMU failed, nobody answered the guest, or it reached no site"""


def main(arguments: list[str]) -> int:
    """Run one command line; the exit status."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, _terminated)
    try:
        command = COMMANDS.get(arguments[0]) if arguments else None
        if command:
            return command(arguments[1:])
        _refuse_other_commands(arguments)
        return (diagnose_file if is_about_a_dead_guest(arguments) else trace)(arguments)
    except TraceError as error:
        print(f"acrn-trace: {printable(str(error))}", file=sys.stderr)
        return error.status
    except KeyboardInterrupt:  # while GDB runs it is GDB's
        print("acrn-trace: interrupted when no trace was running", file=sys.stderr)
        return TargetError.status


def _terminated(number: int, _frame: object) -> None:
    """An exception, so that every process we started is ended on the way out."""
    raise TargetError(f"ended by {signal.Signals(number).name}")


def _refuse_other_commands(arguments: list[str]) -> None:
    """A word that looks like a command, and is no image either, is told from the commands."""
    word = arguments[0] if arguments else ""
    if _COMMAND.fullmatch(word) and not os.path.exists(word):
        raise TraceError(f"{word!r} is neither a command nor an image{near(word, COMMANDS)}")


def _parser() -> argparse.ArgumentParser:
    parser = OptionParser(
        prog="acrn-trace", usage=USAGE, description="strace for hypercalls", epilog=STATUSES
    )
    add_trace_options(parser)
    parser.add_argument(
        "-p", "--attach", metavar="TARGET", help="a stub: host:port or a socket's path"
    )
    add_knowledge_options(parser)
    add_mock_option(parser)
    add_site_options(parser)
    add_fail_option(parser)
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
    parser.add_argument("image", metavar="IMAGE", help="the guest's ELF image")
    return parser


def trace(arguments: list[str]) -> int:
    """Trace a guest to its end."""
    ours, separator, for_qemu = _split(arguments)
    options = _parsed(ours, separator)
    if options.attach and separator:
        raise TraceError("-p attaches to a QEMU that runs already: leave out '--' and what follows")
    qemu.refuse_stub_options(for_qemu)
    _check_input(options)
    check_gdb(options.gdb)
    with tempfile.TemporaryDirectory(prefix="acrn-trace-") as folder:
        run = _attach if options.attach else _start
        result = run(options, for_qemu, Path(folder))
    return _status(options, result)


def _parsed(ours: list[str], separator: bool) -> argparse.Namespace:
    """The options; TraceError, with what was probably meant, where there is more than that."""
    parser = _parser()
    options, others = parser.parse_known_args(ours)
    if options.image in COMMANDS and not os.path.exists(options.image):
        raise TraceError(
            f"the command {options.image} comes first, and its options behind it: "
            f"'acrn-trace {options.image} --help' tells more"
        )
    if others:
        hint = "" if separator else "; QEMU's arguments go behind --"
        parser.error(f"unrecognized arguments: {' '.join(others)}{hint}")
    return options


def _split(arguments: list[str]) -> tuple[list[str], bool, list[str]]:
    if "--" not in arguments:
        return arguments, False, []
    index = arguments.index("--")
    return arguments[:index], True, arguments[index + 1 :]


def _check_input(options: argparse.Namespace) -> None:
    """Find what is wrong before anything is started or written."""
    knowledge = make_knowledge(options)
    filters, _ = split_expressions(options.expr, knowledge)
    selected = Filter(filters, knowledge.table)
    if mocks(options):
        from acrn_trace.act.mock.command import check

        check(mocks(options), knowledge)
    image = open_image(options.image)
    sites = traced_sites(image_sites(image), image, options.possible_sites == "on")
    selected.check_sites(lambda: [site.function for site in sites])
    _check_offset(options.offset)
    if options.hypervisor_symbols:
        hypervisor_code(open_image(options.hypervisor_symbols))
    if options.output:
        _check_writable(options.output)


def _check_offset(offset: str) -> None:
    try:
        if offset != "auto":
            int(offset, 0)
    except ValueError:
        raise TraceError(f"--offset takes 'auto' or a number, and was given {offset!r}") from None


def _check_writable(path: str) -> None:
    folder = os.path.dirname(os.path.abspath(path))
    if os.path.isdir(path):
        raise TraceError(f"cannot write the trace to {path}: it is a folder; give -o a file")
    if not os.access(path if os.path.exists(path) else folder, os.W_OK):
        raise TraceError(
            f"cannot write the trace to {path}: no such folder or no permission for it"
        )


def _start(options: argparse.Namespace, for_qemu: list[str], folder: Path) -> Result:
    socket = folder / "stub"
    line = qemu.command(options.qemu, options.image, for_qemu, socket)
    log = ResetLog(folder / "qemu.log") if may_log(for_qemu) else None
    line += log.options if log else []
    with qemu.Qemu(line, socket, folder / "qemu.err") as process:
        try:
            result = _trace(options, str(socket), folder)
        except TargetError:
            process.check_death()
            raise
        if result.ended in ("exited", "closed") and not result.error:
            _check_end(process, log, result.complaint)
    return result


def _check_end(process: qemu.Qemu, log: ResetLog | None, complaint: str | None) -> None:
    """TargetError if QEMU or the guest failed; ``complaint`` is what the trace has to say of it."""
    failure = process.failure_at_end()
    if failure is None and log and log.ends_in_triple_fault():
        failure = TRIPLE_FAULT
    if failure:
        raise TargetError(f"{failure}; {complaint}" if complaint else failure)


def _attach(options: argparse.Namespace, _for_qemu: list[str], folder: Path) -> Result:
    result = _trace(options, options.attach, folder)
    if result.ended == "closed" and not result.error:
        closed = f"the stub at {options.attach} closed the connection before the guest ended"
        raise TargetError(f"{closed}; {result.complaint}" if result.complaint else closed)
    return result


def _trace(options: argparse.Namespace, target: str, folder: Path) -> Result:
    trace_options = vars(options).copy()
    trace_options["load"] = [os.path.abspath(file) for file in options.load]
    if options.output:
        trace_options["output"] = os.path.abspath(options.output)
    with os.fdopen(os.dup(sys.stderr.fileno()), "w") as terminal:
        request = Request(
            target=target,
            detach=bool(options.attach),
            options=trace_options,
            terminal=terminal.fileno(),
        )
        return trace_in_gdb(options.gdb, options.image, request, folder)


def _status(options: argparse.Namespace, result: Result) -> int:
    error = result.error or result.complaint
    if error:
        print(f"acrn-trace: {printable(error)}", file=sys.stderr)
        return result.status if result.error else TargetError.status
    return int(is_failure(options, result.finding_kinds))


# What is no trace of a live guest: the name of the command, and what runs it.
COMMANDS = {
    "sites": list_sites,
    "lint": lint,
    "calls": list_calls,
    "record": record,
    "report": report,
    "convert": convert,
    "diff": diff,
    "ring": show_ring,
}
