# SPDX-License-Identifier: BSD-3-Clause
"""Runs one command line of ``acrn-trace``, and says in a sentence what went wrong."""

import gc
import importlib
import signal
import sys
from types import ModuleType

from acrn_trace.base.errors import TargetError, TraceError
from acrn_trace.base.text import printable
from acrn_trace.cli.commands import find_command


def main(arguments: list[str]) -> int:
    """Run one command line; the exit status."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, _terminated)
    try:
        name, arguments = find_command(arguments)
        return _loaded(name).run(arguments)
    except TraceError as error:
        print(f"acrn-trace: {printable(str(error))}", file=sys.stderr)
        return error.status
    except KeyboardInterrupt:  # while GDB runs it is GDB's
        print("acrn-trace: interrupted when no trace was running", file=sys.stderr)
        return TargetError.status


def _loaded(name: str) -> ModuleType:
    """A command's module. What is loaded now stays, and is nothing for the garbage collector, which
    __main__ turned off: not while it is loaded, not later, and not at the end."""
    try:
        return importlib.import_module(f"acrn_trace.cli.{name}")
    finally:
        if not gc.isenabled():
            gc.freeze()
            gc.enable()


def _terminated(number: int, _frame: object) -> None:
    """An exception, so that every process we started is ended on the way out."""
    raise TargetError(f"ended by {signal.Signals(number).name}")
