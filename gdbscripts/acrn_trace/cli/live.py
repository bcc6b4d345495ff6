# SPDX-License-Identifier: BSD-3-Clause
"""Traces a live guest: checks what was asked for, then starts QEMU and GDB and sees both out."""

import argparse
import os
import sys
import tempfile
from functools import partial
from pathlib import Path

from acrn_trace.act.inject_grammar import split_expressions
from acrn_trace.act.mock.switch import check
from acrn_trace.base.errors import TargetError, TraceError
from acrn_trace.base.text import printable
from acrn_trace.cli import qemu, reset_log
from acrn_trace.cli.debugger import check_gdb, trace_in_gdb
from acrn_trace.cli.ram_file import may_share, memory_size, ram_arguments, shared_folder
from acrn_trace.cli.reset_log import ResetLog, may_log
from acrn_trace.guest.site import functions_of
from acrn_trace.image.image import open_image
from acrn_trace.options.declare import is_failure
from acrn_trace.options.knowledge import make_knowledge
from acrn_trace.options.mocks import mocks
from acrn_trace.options.request import Request, Result
from acrn_trace.sites.callers import inlined_around
from acrn_trace.sites.hypervisor_code import hypervisor_code
from acrn_trace.sites.sitelist import image_sites, sites_before_pages, traced_sites
from acrn_trace.sites.stubs import possible_callers
from acrn_trace.trace.filters import Filter


def trace(options: argparse.Namespace, for_qemu: list[str]) -> int:
    """Trace a guest to its end, as the launcher's options say; the exit status."""
    qemu.refuse_stub_options(for_qemu)
    _check_input(options)
    check_gdb(options.gdb)
    with tempfile.TemporaryDirectory(prefix="acrn-trace-") as folder:
        run = _attach if options.attach else _start_with_ram
        result = run(options, for_qemu, Path(folder))
    return _status(options, result)


def _check_input(options: argparse.Namespace) -> None:
    """Find what is wrong before anything is started or written."""
    knowledge = make_knowledge(options)
    knowledge.check()
    filters, _ = split_expressions(options.expr, knowledge)
    selected = Filter(filters, knowledge.table)
    check(mocks(options), knowledge)
    image = open_image(options.image)
    found = sites_before_pages(image, partial(image_sites, image))
    sites = traced_sites(found, image, options.possible_sites == "on")
    selected.check_sites(
        lambda: functions_of(sites),
        lambda: inlined_around(image, sites),
        lambda: possible_callers(image, sites),
    )
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


def _start_with_ram(options: argparse.Namespace, for_qemu: list[str], folder: Path) -> Result:
    """Its RAM is a file where that can be: a nested guest's memory is read there a lot faster."""
    with tempfile.TemporaryDirectory(prefix="acrn-trace-ram-", dir=shared_folder()) as shared:
        ram = Path(shared) / "ram" if may_share(for_qemu, Path(shared)) else None
        return _start(options, for_qemu, folder, ram)


def _start(
    options: argparse.Namespace, for_qemu: list[str], folder: Path, ram: Path | None
) -> Result:
    socket = folder / "stub"
    line = qemu.command(options.qemu, options.image, for_qemu, socket)
    line += ram_arguments(ram, memory_size(for_qemu)) if ram else []
    log = ResetLog(folder / "qemu.log") if may_log(for_qemu) else None
    line += log.options if log else []
    with qemu.Qemu(line, socket, folder / "qemu.err") as process:
        try:
            result = _trace(options, str(socket), folder, ram)
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
        failure = reset_log.ENDED
    if failure:
        raise TargetError(f"{failure}; {complaint}" if complaint else failure)


def _attach(options: argparse.Namespace, _for_qemu: list[str], folder: Path) -> Result:
    result = _trace(options, options.attach, folder)
    if result.ended == "closed" and not result.error:
        closed = f"the stub at {options.attach} closed the connection before the guest ended"
        raise TargetError(f"{closed}; {result.complaint}" if result.complaint else closed)
    return result


def _trace(
    options: argparse.Namespace, target: str, folder: Path, ram: Path | None = None
) -> Result:
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
            ram=str(ram) if ram else None,
        )
        return trace_in_gdb(options.gdb, options.image, request, folder)


def _status(options: argparse.Namespace, result: Result) -> int:
    error = result.error or result.complaint
    if error:
        print(f"acrn-trace: {printable(error)}", file=sys.stderr)
        return result.status if result.error else TargetError.status
    return int(is_failure(options, result.troubles))
