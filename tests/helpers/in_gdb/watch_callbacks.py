# SPDX-License-Identifier: BSD-3-Clause
"""Loads the scripts into GDB, and tells of each command that they run where GDB calls them back."""

import builtins
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


def built(*arguments, **options):
    """A class, as Python builds it, with the methods watched that GDB will call."""
    made = build(*arguments, **options)
    for kind, methods in METHODS.items():
        for method in methods if issubclass(made, kind) else ():
            if method in vars(made) and made.__module__.startswith("acrn_trace."):
                setattr(made, method, watched(vars(made)[method]))
    return made


build, builtins.__build_class__ = builtins.__build_class__, built
gdb.execute = told
for name in dir(gdb.events):
    if isinstance(getattr(gdb.events, name), gdb.EventRegistry):
        setattr(gdb.events, name, Registry(getattr(gdb.events, name)))
runpy.run_path(os.environ["ACRN_TRACE_LOADER"])
gdb.write("The callbacks are watched.\n")
