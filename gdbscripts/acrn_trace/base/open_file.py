# SPDX-License-Identifier: BSD-3-Clause
"""Opens what the user names: an image, a dump, a file of memory."""

import os
import stat
from contextlib import ExitStack
from typing import IO, Callable, TypeVar

from acrn_trace.base.errors import TraceError

Made = TypeVar("Made")


def open_file(path: str, what: str, make: Callable[[IO[bytes]], Made]) -> Made:
    """What ``make`` makes of the file, which stays open; closed where it makes nothing.

    TraceError says that ``what`` cannot be read, be it when it is opened or by ``make``.
    """
    try:
        with ExitStack() as closed:
            file = closed.enter_context(open(path, "rb", opener=_without_waiting))
            _refuse_no_file(file, f"cannot read {what} {path}")
            made = make(file)
            closed.pop_all()
            return made
    except OSError as error:
        raise TraceError(f"cannot read {what} {path}: {error.strerror}") from error


def _without_waiting(path: str, flags: int) -> int:
    """Open a pipe that nobody writes to as well, at once."""
    return os.open(path, flags | os.O_NONBLOCK)


def _refuse_no_file(file: IO[bytes], failed: str) -> None:
    """TraceError unless any place of the file can be read, and again."""
    mode = os.fstat(file.fileno()).st_mode
    if not stat.S_ISREG(mode):
        kind = "a pipe" if stat.S_ISFIFO(mode) else "a device"
        raise TraceError(f"{failed}: it is {kind}; copy it to a file, and give that")
