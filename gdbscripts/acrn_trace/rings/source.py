# SPDX-License-Identifier: BSD-3-Clause
"""Gives C the guest's memory through a callback; what reading it raises comes after the call in C.

An exception in a callback never gets through C: Python hands it to sys.unraisablehook, and C
receives 0. That is so for a user's interrupt, too, which is raised where the callback begins.
"""

import contextlib
import ctypes
import sys
from typing import Any, Callable, Iterator

from acrn_trace.guest.memory import Unreadable
from acrn_trace.rings.library import Read

ReadMemory = Callable[[int, int], bytes]  # an address and a size; raises if it cannot


class Source:
    """Memory that ``read`` reads. ``callback`` is for C; whoever gives it to C keeps this."""

    def __init__(self, read: ReadMemory) -> None:
        self._read = read
        self._failure: BaseException | None = None
        self.unreadable = Unreadable("it could not be read")  # why, the last time
        self.callback = Read(self._copy)

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

    def _copy(self, _context: int, address: int, to: int, size: int) -> int:
        if self._failure:  # whatever else C wants before it ends
            return 0
        try:
            data = self._read(address, size)
        except Unreadable as why:
            self.unreadable = why
            return 0
        if len(data) != size:
            self.unreadable = Unreadable(f"{len(data)} of {size} bytes could be read")
            return 0
        ctypes.memmove(to, data, size)
        return 1

    def _keep(self, what: Any, hook: Callable[[Any], Any]) -> None:
        if "ctypes callback" in (what.err_msg or ""):
            self._failure = self._failure or what.exc_value
        else:
            hook(what)
