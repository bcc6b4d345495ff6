# SPDX-License-Identifier: BSD-3-Clause
"""Reads what QEMU's ``pmemsave`` writes: memory from one address on, and nothing else."""

from acrn_trace.snapshot import Snapshot


def open_memory(path: str, base: int = 0) -> Snapshot:
    """The memory in a file whose first byte is at the guest-physical address ``base``."""
    raise NotImplementedError
