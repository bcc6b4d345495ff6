# SPDX-License-Identifier: BSD-3-Clause
"""Writes to standard output as the commands without a guest do."""

import contextlib
import os
import sys
from collections.abc import Iterable, Iterator

from acrn_trace.base.errors import TraceError
from acrn_trace.base.text import printable


@contextlib.contextmanager
def standard_output() -> Iterator[None]:
    """A reader may have read enough (``| head``): that is no failure. Ctrl-C is a sentence, and so
    is what keeps anything from being written."""
    sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    try:
        try:
            yield
        finally:
            sys.stdout.flush()  # at the exit it would be a traceback
    except KeyboardInterrupt:
        raise TraceError("interrupted; what was written so far is right") from None
    except (OSError, TraceError) as error:
        cause = error.__cause__ if isinstance(error, TraceError) else error
        read_enough = isinstance(cause, BrokenPipeError)
        if read_enough or isinstance(error, OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # for the flush at exit
        if isinstance(error, OSError) and not read_enough:
            raise TraceError(f"cannot write to standard output: {error.strerror}") from error
        if not read_enough:
            raise


def show(lines: Iterable[str]) -> None:
    """Print them, safe for a terminal."""
    with standard_output():
        for line in lines:
            print(printable(line))
