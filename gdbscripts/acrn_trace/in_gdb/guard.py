# SPDX-License-Identifier: BSD-3-Clause
"""Runs what is done at a stop to its end: interrupts come afterwards, a failure is a sentence."""

import contextlib
import signal
import traceback
from typing import Callable, Iterator

import gdb

from acrn_trace.base.errors import TraceError


def uninterrupted(action: Callable[[], bool]) -> tuple[bool, bool]:
    """Run ``action`` to its end whenever the user interrupts: its answer, and whether he did.

    An interrupt is a KeyboardInterrupt anywhere in Python; in the midst of an event it would leave
    half of one, or the stub in its physical mode.
    """
    answer, interrupted = None, False
    while answer is None:
        try:
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
            answer = action()
        except KeyboardInterrupt:
            interrupted = True
    # In GDB 16 it would be none within a breakpoint's stop method, and be lost: so it is taken.
    if signal.sigtimedwait({signal.SIGINT}, 0):
        interrupted = True
    try:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    except KeyboardInterrupt:
        interrupted = True
    return answer, interrupted


@contextlib.contextmanager
def interrupts_put_off() -> Iterator[None]:
    """The user's interrupt comes afterwards, or to who takes it meanwhile (``uninterrupted``)."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class Guard:
    """``with guard:`` whatever goes wrong is told in a sentence, and ends the trace."""

    def __init__(self) -> None:
        self.failure: str | None = None  # the first one
        self.lost = False  # it was the stub that failed

    def run(self, action: Callable[[], object]) -> bool:
        """Run ``action`` if nothing failed yet; True (stop the guest) once something has."""
        if self.failure is None:
            with self:
                action()
        return self.failure is not None

    def __enter__(self) -> None:
        pass

    def __exit__(self, _kind: object, error: BaseException | None, _traceback: object) -> bool:
        if not isinstance(error, Exception):
            return False
        sentence = self._sentence(error)
        if self.failure is None:
            self.failure = sentence
            gdb.write(f"acrn-trace: {sentence}; tracing has ended.\n", gdb.STDERR)
        return True

    def _sentence(self, error: Exception) -> str:
        if isinstance(error, TraceError):
            return str(error)
        if isinstance(error, gdb.error):
            self.lost = True
            return f"the stub failed while the guest was stopped: {str(error).rstrip('.')}"
        last = traceback.extract_tb(error.__traceback__)[-1]
        return f"a defect of acrn-trace: {error!r} in {last.name}, line {last.lineno}"
