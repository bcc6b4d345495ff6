# SPDX-License-Identifier: BSD-3-Clause
"""Opens what the user names: an image, a dump, a file of memory."""

from typing import IO, Callable, TypeVar

from acrn_trace.errors import TraceError

Made = TypeVar("Made")


def open_file(path: str, what: str, make: Callable[[IO[bytes]], Made]) -> Made:
    """What ``make`` makes of the file, which stays open; closed where it makes nothing.

    TraceError says that ``what`` cannot be read, be it when it is opened or by ``make``.
    """
    try:
        file = open(path, "rb")
    except OSError as error:
        raise TraceError(f"cannot read {what} {path}: {error.strerror}") from error
    try:
        return make(file)
    except OSError as error:
        file.close()
        raise TraceError(f"cannot read {what} {path}: {error.strerror}") from error
    except BaseException:
        file.close()
        raise
