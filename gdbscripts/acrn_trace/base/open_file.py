# SPDX-License-Identifier: BSD-3-Clause
"""Opens what the user names: an image, a dump, a file of memory."""

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
            made = make(closed.enter_context(open(path, "rb")))
            closed.pop_all()
            return made
    except OSError as error:
        raise TraceError(f"cannot read {what} {path}: {error.strerror}") from error
