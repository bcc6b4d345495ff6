# SPDX-License-Identifier: BSD-3-Clause
"""Walks a guest's page tables over its physical memory (Intel SDM volume 3, 4.5).

The tables are the guest's and may be anything: a walk takes as many steps as there are levels, so a
table that points at itself costs no more than another.
"""

import contextlib
from typing import Iterator, Mapping, Protocol

from acrn_trace.guest.abi import MASK64
from acrn_trace.guest.memory import PhysicalMemory, Unreadable

CR0_PG, CR4_PAE, CR4_LA57 = 1 << 31, 1 << 5, 1 << 12
PAGE = 4096
FRAME = 0x000F_FFFF_FFFF_F000  # also of CR3: without PCID and flags
PRESENT, USER, LARGE = 1, 1 << 2, 1 << 7
LARGE_AT = (1, 2)  # levels whose entry may be a page: 2 MiB and 1 GiB
MAX_TABLES = 1024  # page tables that are remembered, 4 KiB each
MAX_SIZE = 1 << 30  # bytes read at once


class PageFault(Unreadable):
    """Why a virtual address leads to no memory, as the end of a sentence."""


def translate(physical: PhysicalMemory, cr3: int, cr4: int, virtual: int) -> int:
    """The guest-physical address of ``virtual`` in long mode, or PageFault."""
    return _translate(Tables(physical), cr3, cr4, virtual)[0]


class Memory(Protocol):
    """Guest memory by virtual address."""

    def read(self, address: int, size: int) -> bytes:
        """``size`` bytes, or Unreadable."""

    def translate(self, address: int) -> int:
        """The guest-physical address, or Unreadable."""


class Unpaged:
    """Memory of a vCPU with paging off."""

    def __init__(self, physical: PhysicalMemory) -> None:
        self.read = physical.read

    def translate(self, address: int) -> int:
        return address


class VirtualMemory:
    """Guest memory as one CR3 maps it."""

    def __init__(self, physical: PhysicalMemory, cr3: int, cr4: int = 0) -> None:
        self.physical = physical
        self.cr3, self.cr4 = cr3 & MASK64, cr4
        self._tables = Tables(physical)

    def translate(self, address: int) -> int:
        """The guest-physical address, or PageFault."""
        return _translate(self._tables, self.cr3, self.cr4, address)[0]

    def read(self, address: int, size: int) -> bytes:
        """``size`` bytes at a virtual address; Unreadable unless all of them can be read."""
        if not 0 <= size <= MAX_SIZE:
            raise Unreadable(f"{size} bytes are more than is read at once")
        parts, end = [], address + size
        while address < end:
            start, left = _translate(self._tables, self.cr3, self.cr4, address)
            step = min(left, end - address)
            parts.append(self.physical.read(start, step))
            address += step
        return b"".join(parts)


def memory_of(physical: PhysicalMemory, registers: Mapping[str, int]) -> Memory:
    """Memory as a vCPU with these registers sees it; Unreadable says why nobody can tell."""
    if "cr3" not in registers:
        raise Unreadable("the CR3 of the vCPU is not known")
    if not registers.get("cr0", CR0_PG) & CR0_PG:
        return Unpaged(physical)
    if not registers.get("cr4", CR4_PAE) & CR4_PAE:
        raise Unreadable("the vCPU has the paging of a 32-bit system, which is not walked")
    return VirtualMemory(physical, registers["cr3"], registers.get("cr4", 0))


class Tables:
    """The page tables read so far. ``needed`` are the bits that each entry on the way must have."""

    def __init__(self, physical: PhysicalMemory, needed: int = PRESENT) -> None:
        self._physical, self._needed = physical, needed
        self._known: dict[int, bytes] = {}

    def walk(self, top: int, levels: int, address: int) -> Iterator[tuple[int, int]]:
        """From the table at ``top`` down: where each table is, at last where ``address`` is, and
        how many bytes there are from there to the end of the page (of a table 0).

        PageFault where the way ends before.
        """
        table = top & FRAME
        for level in reversed(range(levels)):
            yield table, 0
            shift = 12 + 9 * level
            entry = self._entry(table, address >> shift & 511, address)
            if entry & self._needed != self._needed:
                raise PageFault(f"{address:#x} is not mapped")
            if level == 0 or (entry & LARGE and level in LARGE_AT):
                inside = address & (1 << shift) - 1
                yield entry & FRAME & ~((1 << shift) - 1) | inside, (1 << shift) - inside
                return
            table = entry & FRAME

    def mapped(self, top: int, levels: int) -> Iterator[tuple[int, int, int]]:
        """All that the tables map: from where, to where, and how many bytes.

        No table is looked at twice, so one that leads back to itself maps no more than it has.
        """
        pending, known = [(top & FRAME, levels - 1, 0)], set()
        while pending:
            table, level, start = pending.pop()
            if table in known:
                continue
            known.add(table)
            for index in range(512):
                with contextlib.suppress(Unreadable):
                    entry = self._read_entry(table, index)
                    if entry & self._needed != self._needed:
                        continue
                    address, size = start + (index << 12 + 9 * level), 1 << 12 + 9 * level
                    if level == 0 or (entry & LARGE and level in LARGE_AT):
                        yield address, entry & FRAME & -size, size
                    else:
                        pending.append((entry & FRAME, level - 1, address))

    def _entry(self, table: int, index: int, address: int) -> int:
        try:
            return self._read_entry(table, index)
        except Unreadable as error:
            raise PageFault(
                f"{address:#x} needs the page table at {table:#x}, which cannot be read: {error}"
            ) from None

    def _read_entry(self, table: int, index: int) -> int:
        """One entry of the table at a guest-physical address, or Unreadable."""
        data = self._known.get(table)
        if data is None:
            try:
                data = self._physical.read(table, PAGE)
            except Unreadable:  # a file may end in the midst of a table
                return int.from_bytes(self._physical.read(table + index * 8, 8), "little")
            if len(self._known) >= MAX_TABLES:
                self._known.clear()
            self._known[table] = data
        return int.from_bytes(data[index * 8 : index * 8 + 8], "little")


def _translate(tables: Tables, cr3: int, cr4: int, virtual: int) -> tuple[int, int]:
    """The guest-physical address, and how many bytes there are from it to the page's end."""
    virtual &= MASK64
    levels = 5 if cr4 & CR4_LA57 else 4
    if not _is_canonical(virtual, levels):
        raise PageFault(f"{virtual:#x} is no canonical address")
    *_, found = tables.walk(cr3, levels, virtual)
    return found


def _is_canonical(virtual: int, levels: int) -> bool:
    top = virtual >> (11 + 9 * levels)
    return top in (0, (1 << (53 - 9 * levels)) - 1)
