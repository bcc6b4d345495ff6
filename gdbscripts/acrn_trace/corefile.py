# SPDX-License-Identifier: BSD-3-Clause
"""Reads what QEMU's ``dump-guest-memory`` writes, plain or with ``-p``."""

from acrn_trace.snapshot import Snapshot


def open_core(path: str) -> Snapshot:
    """The dump in a file; TraceError if it is none or of a kind that is not read."""
    raise NotImplementedError
