# SPDX-License-Identifier: BSD-3-Clause
"""Limits the time of a user's code that runs while the guest is stopped."""

import contextlib
import signal
import threading
from typing import Iterator

SECONDS = 5.0


class TimeOver(BaseException):
    """No Exception, so that the code cannot take it for one of its own."""


class TimeLimit:
    """Ends what runs in ``limited`` after so many seconds.

    By SIGALRM: Python looks for signals between two of its instructions, so code that stays inside
    of one (``sum(range(10**10))``) ends late. Inside of ``shielded`` the end is put off: half a
    packet must not be left in the stub's line.
    """

    def __init__(self, seconds: float = SECONDS) -> None:
        self.seconds = seconds
        self._shields = 0
        self._is_over = False

    @contextlib.contextmanager
    def limited(self) -> Iterator[None]:
        if threading.current_thread() is not threading.main_thread():
            yield  # no signals there
            return
        self._is_over = False
        before = signal.signal(signal.SIGALRM, self._on_alarm)
        # Again and again: code that catches everything would otherwise get away with it.
        signal.setitimer(signal.ITIMER_REAL, self.seconds, 0.5)
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)

    @contextlib.contextmanager
    def shielded(self) -> Iterator[None]:
        self._shields += 1
        try:
            yield
        finally:
            self._shields -= 1
            if self._is_over and not self._shields:
                raise TimeOver

    def _on_alarm(self, _number: int, _frame: object) -> None:
        self._is_over = True
        if not self._shields:
            raise TimeOver
