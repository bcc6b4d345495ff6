# SPDX-License-Identifier: BSD-3-Clause
"""Reads the guest-physical memory of a nested guest in the memory of the machine below it.

A hypervisor on AMD's SVM gives its guest memory by a nested page table: entries as those of other
page tables, each of which must have the user's bit, and no address is refused for not being
canonical (AMD64 APM volume 2, 15.25.5 and 15.25.6). It has as many levels as the hypervisor's own
paging, which nothing in it says. The table is the hypervisor's and may be anything.
"""

from typing import NamedTuple, Protocol

from acrn_trace.guest.memory import PhysicalMemory, Unreadable
from acrn_trace.guest.paging import MAX_SIZE, PRESENT, USER, PageFault, Tables

LEVELS = (4, 5)  # a hypervisor without and with LA57


class MachineMemory(PhysicalMemory, Protocol):
    """Host-physical memory that can be changed."""

    def write(self, address: int, data: bytes) -> None:
        """Unreadable where there is no memory."""


class NestedTable(NamedTuple):
    """Where a nested page table is, by its host-physical address, and its levels, 4 or 5."""

    ncr3: int
    levels: int

    def __str__(self) -> str:
        return f"nested page table at {self.ncr3:#x}, {self.levels} levels"


class NestedMemory:
    """Guest-physical memory as one nested page table has it in ``machine``, which stands still."""

    def __init__(self, machine: MachineMemory, table: NestedTable) -> None:
        self.table = table
        self._machine = machine
        self._tables = Tables(machine, PRESENT | USER)

    def way(self, address: int) -> list[tuple[int, int]]:
        """What ``Tables.walk`` meets for a guest-physical address: the tables, then its place."""
        way: list[tuple[int, int]] = []
        try:
            for place in self._tables.walk(self.table.ncr3, self.table.levels, address):
                if place in way:
                    raise PageFault(f"{address:#x} comes to the table at {place[0]:#x} twice")
                way.append(place)
        except PageFault as why:
            raise Unreadable(f"guest-physical {why} ({self.table})") from None
        return way

    def translate(self, address: int) -> int:
        """The host-physical address, or Unreadable."""
        return self.way(address)[-1][0]

    def read(self, address: int, size: int) -> bytes:
        """``size`` bytes at a guest-physical address; Unreadable unless all of them are there."""
        parts = []
        for guest, host, step in self._steps(address, size):
            try:
                parts.append(self._machine.read(host, step))
            except Unreadable as why:
                place = f"guest-physical {guest:#x} is at host-physical {host:#x}"
                raise Unreadable(f"{place} ({self.table}): {why}") from None
        return b"".join(parts)

    def write(self, address: int, data: bytes) -> None:
        """Unreadable where there is no memory; then nothing is written."""
        steps = self._steps(address, len(data))
        self.read(address, len(data))
        for guest, host, step in steps:
            self._machine.write(host, data[guest - address : guest - address + step])

    def _steps(self, address: int, size: int) -> list[tuple[int, int, int]]:
        """Guest-physical and host-physical address and size of each part that is on one page."""
        if not 0 <= size <= MAX_SIZE:
            raise Unreadable(f"{size} bytes are more than is read at once")
        steps, at, end = [], address, address + size
        while at < end:
            host, left = self.way(at)[-1]
            step = min(left, end - at)
            steps.append((at, host, step))
            at += step
        return steps
