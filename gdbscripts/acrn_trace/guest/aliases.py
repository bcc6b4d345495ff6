# SPDX-License-Identifier: BSD-3-Clause
"""Finds at which virtual addresses page tables have a guest-physical one, for code to run there.

The tables are the guest's and may be anything: each is read once a level, so many of them, and none
that leads back to itself is followed.
"""

import struct
from typing import Mapping

from acrn_trace.guest.abi import MASK64
from acrn_trace.guest.memory import PhysicalMemory, Unreadable
from acrn_trace.guest.paging import CR0_PG, CR4_LA57, FRAME, LARGE, LARGE_AT, PAGE, PRESENT

MAX_TABLES = 2048
MAX_ADDRESSES = 8
NO_EXECUTE = 1 << 63


def executable_at(memory: PhysicalMemory, registers: Mapping[str, int], physical: int) -> list[int]:
    """Where a vCPU with these registers can run what is at ``physical``: up to MAX_ADDRESSES.

    The highest come first. Without paging that is ``physical`` itself.
    """
    if not registers["cr0"] & CR0_PG:
        return [physical]
    levels = 5 if registers["cr4"] & CR4_LA57 else 4
    found = _Search(memory, physical).within(registers["cr3"] & FRAME, levels - 1)
    sign = 1 << 11 + 9 * levels
    return [(address ^ sign) - sign & MASK64 for address in found]


class _Search:
    """What was found so far, by table and level."""

    def __init__(self, memory: PhysicalMemory, physical: int) -> None:
        self._memory, self._physical = memory, physical
        self._known: dict[tuple[int, int], list[int]] = {}

    def within(self, table: int, level: int) -> list[int]:
        """Where the table has it, from where the table's own span begins."""
        key = table, level
        if key not in self._known:
            if len(self._known) >= MAX_TABLES:
                return []
            self._known[key] = []  # what leads back to it does not have it
            self._known[key] = self._in_entries(table, level)
        return self._known[key]

    def _in_entries(self, table: int, level: int) -> list[int]:
        found: list[int] = []
        for index, entry in reversed(list(enumerate(self._entries(table)))):
            if entry & PRESENT and not entry & NO_EXECUTE and len(found) < MAX_ADDRESSES:
                start = index << 12 + 9 * level
                found += [start + at for at in self._in_entry(entry, level)]
        return found[:MAX_ADDRESSES]

    def _in_entry(self, entry: int, level: int) -> list[int]:
        if level and not (entry & LARGE and level in LARGE_AT):
            return self.within(entry & FRAME, level - 1)
        size = 1 << 12 + 9 * level
        inside = self._physical - (entry & FRAME & -size)
        return [inside] if 0 <= inside < size else []

    def _entries(self, table: int) -> tuple[int, ...]:
        try:
            return struct.unpack("<512Q", self._memory.read(table, PAGE))
        except Unreadable:
            return ()
