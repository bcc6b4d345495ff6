# SPDX-License-Identifier: BSD-3-Clause
"""Runs what a trace does while the guest is stopped: whatever goes wrong is told in a sentence."""

import traceback
from typing import Callable

import gdb

from acrn_trace.base.errors import TraceError


class Guard:
    """After the first ``failure`` nothing runs any more."""

    def __init__(self) -> None:
        self.failure: str | None = None
        self.lost = False  # it was the stub that failed

    def run(self, action: Callable[[], object]) -> bool:
        """Run ``action``; True (stop the guest) once the trace cannot go on."""
        if self.failure is None:
            self.run_last(action)
        return self.failure is not None

    def run_last(self, action: Callable[[], object]) -> None:
        """Run ``action``, which ends the trace, also after a failure; the first one is told."""
        sentence = self._failure_of(action)
        if sentence and self.failure is None:
            self.failure = sentence
            gdb.write(f"acrn-trace: {sentence}; tracing has ended.\n", gdb.STDERR)

    def _failure_of(self, action: Callable[[], object]) -> str | None:
        """Run ``action``: None, or what went wrong."""
        try:
            action()
        except TraceError as error:
            return str(error)
        except gdb.error as error:
            self.lost = True
            return f"the stub failed while the guest was stopped: {str(error).rstrip('.')}"
        except Exception as error:  # pylint: disable=broad-except
            last = traceback.extract_tb(error.__traceback__)[-1]
            return f"a defect of acrn-trace: {error!r} in {last.name}, line {last.lineno}"
        return None
