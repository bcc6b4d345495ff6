# SPDX-License-Identifier: BSD-3-Clause
"""Standard output as the commands without a guest use it."""

import contextlib
import os
import sys
from typing import Iterator

from acrn_trace.errors import TraceError


@contextlib.contextmanager
def standard_output() -> Iterator[None]:
    """A reader may have read enough (``| head``): that is no failure. Ctrl-C is a sentence."""
    sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    try:
        yield
        sys.stdout.flush()
    except KeyboardInterrupt:
        raise TraceError("interrupted; what was written so far is right") from None
    except (BrokenPipeError, TraceError) as error:
        if not isinstance(error, BrokenPipeError) and not isinstance(
            error.__cause__, BrokenPipeError
        ):
            raise
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # for the flush at exit
