# SPDX-License-Identifier: BSD-3-Clause
"""Gives C the guest's memory through a callback; what reading it raises comes after the call in C.

An exception in a callback never gets through C: Python hands it to sys.unraisablehook, and what C
receives is anything. That is so for a user's interrupt, too, which is raised where the callback
begins.
"""

import ctypes
import sys
from typing import Any, Callable

from acrn_trace.bindings.library import WHY_SIZE, Callback, Read
from acrn_trace.guest.memory import Unreadable

ReadMemory = Callable[[int, int], bytes]  # an address and a size; raises if it cannot


class Source:
    """Memory that ``read`` reads. ``in_c`` is for C, and ``pointer`` to it; whoever gives one to C
    keeps this."""

    def __init__(self, read: ReadMemory) -> None:
        self.read = read
        self._failure: BaseException | None = None
        self._hook: Callable[[Any], Any] = sys.unraisablehook
        self.unreadable = Unreadable("it could not be read")  # why, the last time
        self.in_c = Callback(Read(self._copy), 0)
        self.pointer = ctypes.pointer(self.in_c)

    def __enter__(self) -> None:
        """Around a call in C: raises what a callback raised, but Unreadable, which C is told."""
        self._failure, self._hook = None, sys.unraisablehook
        sys.unraisablehook = self._keep

    def __exit__(self, kind: object, *_more: object) -> None:
        sys.unraisablehook = self._hook
        failure, self._failure = self._failure, None
        if failure and kind is None:
            raise failure

    def _copy(self, address: int, to: int, size: int) -> None:
        if self._failure:  # whatever else C wants before it ends
            return
        try:
            data = self.read(address, size)
            if len(data) != size:
                raise Unreadable(f"{len(data)} of {size} bytes could be read")
        except Unreadable as why:
            self.unreadable = why
            self.in_c.why = str(why).encode("utf-8", "replace")[: WHY_SIZE - 1]
            return
        ctypes.memmove(to, data, size)
        self.in_c.was_read = 1

    def _keep(self, what: Any) -> None:
        if "ctypes callback" in (what.err_msg or ""):
            self._failure = self._failure or what.exc_value
        else:
            self._hook(what)
