# SPDX-License-Identifier: BSD-3-Clause
"""Reads from QEMU's ``info mtree -f`` which guest-physical addresses are RAM or ROM, and whose.

A guest's pointer may be anything, and reading a device's register can change the device: so nothing
is read that is not memory.
"""

import re

from acrn_trace.guest.memory import ENDS_AT, NOTHING_THERE, Unreadable

# The machine's RAM in a file of ours, to be read while it runs: QEMU's id of the memory backend.
RAM_REGION = "acrn-ram"

_RANGE = re.compile(
    r"^\s+([0-9a-f]{16})-([0-9a-f]{16}) \(prio -?\d+, (?:ram|rom|romd)\)", re.MULTILINE
)
# First and last address, the region's name, and where in the region that is.
_REGION = re.compile(
    r"^\s+([0-9a-f]{16})-([0-9a-f]{16}) \(prio -?\d+, ram\): (\S+)(?: @([0-9a-f]{16}))?",
    re.MULTILINE,
)


class RamMap:
    """Ranges of memory, first and last address, in order and without overlap."""

    def __init__(self, ranges: list[tuple[int, int]]) -> None:
        self.ranges = ranges

    @classmethod
    def parse(cls, mtree: str) -> "RamMap":
        """The map of the address space that the CPUs see, "memory"."""
        for view in mtree.split("FlatView")[1:]:
            if ' AS "memory"' in view:
                return cls(_joined((int(a, 16), int(b, 16)) for a, b in _RANGE.findall(view)))
        return cls([])

    def check(self, address: int, size: int) -> None:
        """Unreadable unless ``size`` bytes at ``address`` are all memory."""
        for first, last in self.ranges:
            if first <= address and address + size - 1 <= last:
                return
            if first <= address <= last:
                raise Unreadable(f"{ENDS_AT} {last:#x}")
        raise Unreadable(NOTHING_THERE)


def _joined(ranges) -> list[tuple[int, int]]:
    joined: list[tuple[int, int]] = []
    for first, last in sorted(ranges):
        if joined and first == joined[-1][1] + 1:
            joined[-1] = (joined[-1][0], last)
        else:
            joined.append((first, last))
    return joined


def region_ranges(mtree: str, region: str) -> list[tuple[int, int, int]]:
    """The ranges of ``region`` in the address space that the CPUs see: address, size, offset."""
    for view in mtree.split("FlatView")[1:]:
        if ' AS "memory"' in view:
            return [
                (int(first, 16), int(last, 16) - int(first, 16) + 1, int(offset or "0", 16))
                for first, last, name, offset in _REGION.findall(view)
                if name == region
            ]
    return []
