# SPDX-License-Identifier: BSD-3-Clause
"""The edge to a guest at rest in GDB: a dump that GDB has open, or a stub's stopped guest."""

import gdb  # noqa: F401

from acrn_trace.snapshot import Snapshot


def current_snapshot() -> Snapshot:
    """What GDB looks at; TraceError if it is neither a dump nor QEMU's stub."""
    raise NotImplementedError
