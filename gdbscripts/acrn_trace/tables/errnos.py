# SPDX-License-Identifier: BSD-3-Clause
"""Names ACRN's error numbers: hypervisor/include/lib/errno.h of master d61d98cf800e."""

ERRNOS = {
    1: ("EPERM", "Operation not permitted"),
    5: ("EIO", "I/O error"),
    12: ("ENOMEM", "Out of memory"),
    13: ("EACCES", "Permission denied"),
    14: ("EFAULT", "Bad address"),
    16: ("EBUSY", "Device or resource busy"),
    19: ("ENODEV", "No such device"),
    22: ("EINVAL", "Invalid argument"),
    25: ("ENOTTY", "No such call or VM, or not permitted"),
    38: ("ENOSYS", "Function not implemented"),
    110: ("ETIMEDOUT", "Timed out"),
}


def errno_name(result: int | None) -> str | None:
    """The name of a negative ``result``, or None: it is no error, or not one of ACRN's."""
    if result is None or result >= 0:
        return None
    return ERRNOS.get(-result, (None, None))[0]


def errno_text(result: int) -> str:
    """What to print behind ``result``: empty where there is nothing to add.

    Many handlers return a literal -1 that means no more than "failed"; numerically it is -EPERM.
    """
    if result == -1:
        return " (failed; = EPERM)"
    name, text = ERRNOS.get(-result, ("", "")) if result < 0 else ("", "")
    return f" {name} ({text})" if name else ""


def result_words(result: int) -> str:
    """``-16 EBUSY``: a result as short as can be."""
    name = errno_name(result) if result != -1 else None
    return f"{result} {name}" if name else str(result)
