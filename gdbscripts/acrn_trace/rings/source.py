# SPDX-License-Identifier: BSD-3-Clause
"""Gives C the guest's memory through a callback; what reading it raises comes after the call in C.

An exception in a callback never gets through C: Python hands it to sys.unraisablehook, and what C
receives is anything. That is so for a user's interrupt, too, which is raised where the callback
begins.
"""

import contextlib
import ctypes
import sys
from typing import Any, Callable, Iterator

from acrn_trace.guest.memory import Unreadable
from acrn_trace.rings.library import Callback, Read

ReadMemory = Callable[[int, int], bytes]  # an address and a size; raises if it cannot


class Source:
    """Memory that ``read`` reads. ``in_c`` is for C, and whoever gives it to C keeps this."""

    def __init__(self, read: ReadMemory) -> None:
        self._read = read
        self._failure: BaseException | None = None
        self.unreadable = Unreadable("it could not be read")  # why, the last time
        self.in_c = Callback(Read(self._copy), 0)

    @contextlib.contextmanager
    def calling(self) -> Iterator[None]:
        """Around a call in C: raises what a callback raised, but Unreadable, which C is told."""
        hook = sys.unraisablehook
        self._failure = None
        try:
            sys.unraisablehook = lambda what: self._keep(what, hook)
            yield
        finally:
            sys.unraisablehook = hook
        failure, self._failure = self._failure, None
        if failure:
            raise failure

    def _copy(self, address: int, to: int, size: int) -> None:
        if self._failure:  # whatever else C wants before it ends
            return
        try:
            data = self._read(address, size)
            if len(data) != size:
                raise Unreadable(f"{len(data)} of {size} bytes could be read")
        except Unreadable as why:
            self.unreadable = why
            return
        ctypes.memmove(to, data, size)
        self.in_c.was_read = 1

    def _keep(self, what: Any, hook: Callable[[Any], Any]) -> None:
        if "ctypes callback" in (what.err_msg or ""):
            self._failure = self._failure or what.exc_value
        else:
            hook(what)
