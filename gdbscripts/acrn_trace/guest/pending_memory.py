# SPDX-License-Identifier: BSD-3-Clause
"""Shows guest memory as one call's answer sees it: with its own writes, not yet in the guest.

So that an answer that turns out wrong half-way has changed nothing.
"""

from acrn_trace.guest.memory import PhysicalMemory, Unreadable

MAX_WRITTEN = 1 << 20  # bytes in all, by one call
MAX_WRITES = 1 << 14


class PendingMemory:
    """Reads from ``memory`` and from what was written: ``writes``, address and bytes, in order."""

    def __init__(self, memory: PhysicalMemory) -> None:
        self._memory = memory
        self.writes: list[tuple[int, bytes]] = []
        self._written = 0

    def read(self, address: int, size: int) -> bytes:
        data = bytearray(self._memory.read(address, size))
        for start, written in self.writes:
            first, last = max(start, address), min(start + len(written), address + size)
            if first < last:
                data[first - address : last - address] = written[first - start : last - start]
        return bytes(data)

    def write(self, address: int, data: bytes) -> None:
        """Unreadable where there is no memory to write to."""
        self.read(address, len(data))
        self._written += len(data)
        if self._written > MAX_WRITTEN or len(self.writes) >= MAX_WRITES:
            raise Unreadable(f"more than {MAX_WRITTEN} bytes were written for one call")
        self.writes.append((address, bytes(data)))
