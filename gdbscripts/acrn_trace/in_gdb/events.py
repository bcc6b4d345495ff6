# SPDX-License-Identifier: BSD-3-Clause
"""Hears GDB's events from when the script is loaded, for modules that are loaded later.

GDB calls the handlers of an event in the order in which they were connected. What we do at a stop
has to come before what a handler of the user's does, who may run commands in his; so GDB knows each
of these before it can know one of his.
"""

from collections.abc import Callable

import gdb


class Event:
    """One of GDB's events, or one of ours."""

    def __init__(self) -> None:
        self._handlers: list[Callable] = []

    def connect(self, handler: Callable) -> None:
        self._handlers.append(handler)

    def tell(self, *event: object) -> None:
        """Call every handler, as GDB does, whatever one of them raises; then raise the first."""
        failures = []
        for handler in tuple(self._handlers):
            try:
                handler(*event)
            except Exception as error:  # pylint: disable=broad-except
                failures.append(error)
        for failure in failures:
            raise failure


def _heard(registry: gdb.EventRegistry) -> Event:
    event = Event()
    registry.connect(event.tell)
    return event


stop = _heard(gdb.events.stop)
cont = _heard(gdb.events.cont)
before_prompt = _heard(gdb.events.before_prompt)
exited = _heard(gdb.events.exited)
connection_removed = _heard(gdb.events.connection_removed)
breakpoint_modified = _heard(gdb.events.breakpoint_modified)
breakpoint_deleted = _heard(gdb.events.breakpoint_deleted)

breakpoints_listed = Event()  # 'info breakpoints' has printed its list
symbols_moved = Event()  # GDB has the image where a kernel that moved itself is about to run
LISTED = """define info hookpost-breakpoints
python import acrn_trace.in_gdb.events; acrn_trace.in_gdb.events.breakpoints_listed.tell()
end"""
