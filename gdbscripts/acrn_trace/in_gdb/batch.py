# SPDX-License-Identifier: BSD-3-Clause
"""Runs the launcher's half in GDB: one trace, from attaching to the stub to its end."""

import argparse
import contextlib
import json
import os
import signal
from dataclasses import asdict

import gdb

from acrn_trace.base.errors import TargetError, TraceError
from acrn_trace.in_gdb.guest_memory import begin_connection
from acrn_trace.in_gdb.image import learn_offset
from acrn_trace.in_gdb.live import LiveTrace
from acrn_trace.in_gdb.mock import GdbMock
from acrn_trace.in_gdb.session import current_session
from acrn_trace.in_gdb.settings import CLOBBER
from acrn_trace.options.declare import SITE_PARAMETERS
from acrn_trace.options.knowledge import make_knowledge
from acrn_trace.options.mocks import mocks
from acrn_trace.options.request import Request, Result

# The launcher's GDB has nobody to ask, and no reason to wait for a stub that is not there.
SETTINGS = (
    "confirm off",
    "pagination off",
    "width 0",
    "style enabled off",
    "tcp connect-timeout 2",
)


def run_batch(request_file: str) -> None:
    """Run the debugger.Request in a file to its end, leave a debugger.Result."""
    with open(request_file, encoding="utf-8") as file:
        request = Request(**json.load(file))
    result = Result()
    try:
        _trace_to_end(request, result)
    except TraceError as error:
        result.error, result.status = str(error), error.status
    with open(request.result, "w", encoding="utf-8") as file:
        json.dump(asdict(result), file)


def _trace_to_end(request: Request, result: Result) -> None:
    for setting in SETTINGS:
        gdb.execute(f"set {setting}")
    options = argparse.Namespace(**request.options)
    knowledge = make_knowledge(options)
    for parameter in SITE_PARAMETERS:
        gdb.execute(f"set hypercall {parameter} {request.options[parameter.replace('-', '_')]}")
    if options.no_clobbers:
        gdb.execute(f"set {CLOBBER} off")
    _connect(request.target)
    begin_connection(request.ram)
    learn_offset()
    current_session().resumption.loops = True
    terminal = os.fdopen(request.terminal, "w", buffering=1)
    current_session().knowledge = knowledge
    mock = current_session().the(GdbMock)
    for words in mocks(options):
        mock.prepare(words)
    gdb.events.stop.connect(_hear_no_interrupt)
    trace = current_session().start(options, terminal)
    mock.notice = trace.notice
    trace.complaints.are_left = True
    trace.detaches = request.detach
    mock.take_effect()
    result.ended = _continue(trace)
    _hear_no_interrupt()
    result.troubles = sorted(trace.tracer.dispatcher.troubles)
    if trace.failure and not (trace.guard.lost and result.ended == "closed"):
        raise TargetError(f"{trace.failure}; tracing has ended")
    if trace.active and result.ended == "interrupted":
        trace.complaints.complain()
    if trace.active and result.ended == "bounded":
        trace.end_bounded()
    trace.stop()
    result.complaint = next(iter(trace.complaints.texts), None)
    if request.detach and result.ended in ("interrupted", "bounded"):
        with contextlib.suppress(gdb.error):  # the guest may end as soon as it is let go
            gdb.execute("detach", to_string=True)


def _connect(target: str) -> None:
    try:
        gdb.execute(f"target remote {target}", to_string=True)
    except gdb.error as error:
        raise TargetError(
            f"cannot attach to the stub at {target}: {str(error).rstrip('.')}; is a QEMU there "
            "that was started with -gdb?"
        ) from error


def _hear_no_interrupt(_stop: gdb.StopEvent | None = None) -> None:
    """Once is enough: a second one would leave half of what is done about the first."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})


def _continue(trace: LiveTrace) -> str:
    """Run the guest until it ends (exited), its stub does (closed), or the user interrupts."""
    resumption = current_session().resumption
    try:
        gdb.execute("continue", to_string=True)
        while resumption.run_deferred():
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
            gdb.execute("continue", to_string=True)
    except KeyboardInterrupt:
        return "interrupted"
    except gdb.error as error:
        # QEMU says that the guest ended and is gone before GDB can thank it.
        return "exited" if "Broken pipe" in str(error) and not trace.guard.lost else "closed"
    if trace.active and trace.is_bounded:
        return "bounded"
    if trace.active and resumption.shown and not trace.failure:
        raise TraceError(f"{resumption.shown[-1].splitlines()[0]}; in GDB one can go on from there")
    if trace.active and trace.last_signal is None and not trace.failure:
        # Only our own breakpoints are here, and an interrupt on the way into one stops the guest.
        trace.show_in_flight()
        return "interrupted"
    if trace.active and not trace.interrupted and not trace.failure:
        raise TargetError(f"the guest stopped by itself ({trace.last_signal}); it cannot go on")
    return "interrupted" if trace.interrupted else "exited"
