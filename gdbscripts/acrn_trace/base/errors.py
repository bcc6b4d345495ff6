# SPDX-License-Identifier: BSD-3-Clause
"""Names the exceptions that a user gets to see, as a sentence."""


class TraceError(Exception):
    """What failed, on what, and what to do about it, in one sentence: wrong use or wrong input.

    The edge that talks to the user (the launcher, a GDB command) prints the text and nothing else.
    """

    status = 2


class TargetError(TraceError):
    """The guest, the stub, QEMU or GDB failed; the sentence has its own words."""

    status = 3
