# SPDX-License-Identifier: BSD-3-Clause
"""Reads as much of virtual memory as is there."""

from acrn_trace.guest.memory import Unreadable
from acrn_trace.guest.paging import PAGE, Memory


def try_read(memory: Memory | None, address: int, size: int) -> bytes | None:
    """``size`` bytes, or None."""
    if memory is None or address < 0:
        return None
    try:
        return memory.read(address, size)
    except Unreadable:
        return None


def read_up_to(memory: Memory | None, address: int, size: int) -> bytes:
    """The bytes from ``address`` on, up to ``size`` or the first page that cannot be read."""
    parts = []
    while size:
        part = min(size, PAGE - address % PAGE)
        data = try_read(memory, address, part)
        if data is None:
            break
        parts.append(data)
        address, size = address + part, size - part
    return b"".join(parts)
