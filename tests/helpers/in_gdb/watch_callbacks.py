# SPDX-License-Identifier: BSD-3-Clause
"""Loads the scripts into GDB, and tells of each command that they run where GDB calls them back."""

import functools
import os
import runpy
import traceback

import gdb
from gdb.disassembler import Disassembler

METHODS = {
    Disassembler: ("__call__",),
    gdb.Breakpoint: ("stop",),
    gdb.Function: ("invoke",),
    gdb.Parameter: ("get_set_string", "get_show_string"),
}
within = 0  # callbacks of the scripts that run now
execute = gdb.execute


def watched(callback):
    @functools.wraps(callback)
    def run(*arguments):
        global within
        within += 1
        try:
            return callback(*arguments)
        finally:
            within -= 1

    return run


def told(command, *options, **named):
    if within:
        where = " < ".join(frame.name for frame in reversed(traceback.extract_stack()[:-1]))
        gdb.write(f"IN A CALLBACK: {command} by {where}\n", gdb.STDERR)
    return execute(command, *options, **named)


class Registry:
    """One of ``gdb.events``, whose handlers in the scripts are watched."""

    def __init__(self, registry) -> None:
        self._registry = registry
        self._handlers: dict = {}

    def connect(self, handler) -> None:
        if handler.__module__.startswith("acrn_trace."):
            self._handlers[handler] = watched(handler)
        self._registry.connect(self._handlers.get(handler, handler))

    def disconnect(self, handler) -> None:
        self._registry.disconnect(self._handlers.pop(handler, handler))


def subclasses(kind):
    for one in kind.__subclasses__():
        yield one
        yield from subclasses(one)


gdb.execute = told
for name in dir(gdb.events):
    if isinstance(getattr(gdb.events, name), gdb.EventRegistry):
        setattr(gdb.events, name, Registry(getattr(gdb.events, name)))
runpy.run_path(os.environ["ACRN_TRACE_LOADER"])
for kind, methods in METHODS.items():
    for one in subclasses(kind):
        for method in methods:
            if method in vars(one) and one.__module__.startswith("acrn_trace."):
                setattr(one, method, watched(vars(one)[method]))
gdb.write("The callbacks are watched.\n")
