# SPDX-License-Identifier: BSD-3-Clause
"""Finds the rings of a guest at rest: by the header's symbol, else by its magic in memory.

A header may be any bytes of the guest's, a copy of the image, or one from before a reset. Each is
checked as a whole; the ones that the guest's page tables lead to come first.
"""

import struct
from dataclasses import dataclass, field
from itertools import islice
from typing import Iterator

from acrn_trace.guest.abi import MASK64
from acrn_trace.guest.memory import PhysicalMemory, Unreadable
from acrn_trace.guest.paging import PAGE, Memory, VirtualMemory
from acrn_trace.guest.snapshot import SearchableMemory
from acrn_trace.image.elf import PF_W
from acrn_trace.image.image import Image
from acrn_trace.rings.format import HEADER_SIZE, MAGIC, NotARing, RingHeader
from acrn_trace.rings.reader import Rings

HEADER, RECORDS = "acrn_ring_header", "acrn_ring_records"
MAX_SEGMENT = 64 << 20  # bytes of one that are looked through
MAX_HITS = 4096  # places with the magic that are looked at
MAX_FOUND = 64

_MAGIC = struct.pack("<Q", MAGIC)


@dataclass
class FoundRing:
    """The rings of one header (one ring a vCPU, or one for all)."""

    rings: Rings
    virtual: int  # of the header
    physical: int | None  # of the header, where known
    how: str  # how it was found, as the end of a sentence: "by its symbol"
    memory: Memory  # that it is read through
    is_mapped: bool = False  # page tables lead from ``virtual`` to ``physical``
    notes: list[str] = field(default_factory=list)  # what is wrong with it, one sentence each

    def read_through(self, memory: Memory) -> None:
        """Read it through other page tables from now on."""
        self.memory, self.is_mapped = memory, True
        self.rings = Rings(memory.read, self.virtual, self.rings.header)

    @property
    def rank(self) -> tuple[int, bool, int, int]:
        """The larger, the likelier the live one: mapped, written, the newest."""
        header = self.rings.header
        at_home = header.header_physical == self.physical
        claimed = sum(counters.claimed for counters in self.rings.counters())
        return 2 * self.is_mapped + at_home, claimed > 0, self.rings.newest_entry(), claimed


class DirectMemory:
    """A ring's header and records by the physical addresses that the header says.

    For a ring whose page tables are gone. Right where each of the two is contiguous.
    """

    def __init__(self, physical: PhysicalMemory, header: RingHeader, at: int) -> None:
        self._physical = physical
        records = header.ring_count * header.record_count * header.record_size
        self._places = [
            (header.header_virtual, at, header.header_size + header.ring_count * header.ring_size),
            (header.records_virtual, header.records_physical, records),
        ]

    def read(self, address: int, size: int) -> bytes:
        return self._physical.read(self.translate(address, size), size)

    def translate(self, address: int, size: int = 1) -> int:
        for virtual, physical, length in self._places:
            if virtual <= address and address + size <= virtual + length:
                return physical + address - virtual
        raise Unreadable("the page tables that lead there are not known")


def find_rings(
    physical: SearchableMemory,
    image: Image | None,
    guest: Memory | None,
    offset: int,
    cr4: int,
    notes: list[str],
) -> list[FoundRing]:
    """The rings of a guest at rest, the likeliest first.

    ``guest`` is memory under which ``image`` is known to be, ``offset`` from where it was linked.
    """
    if image and guest:
        symbol = image.object_named(HEADER)
        found = _by_symbol(image, guest, symbol, offset) if symbol else None
        found = found or (None if symbol else _in_image(image, guest, offset))
        if found:
            return [found]
    return rings_by_magic(physical, cr4, guest, notes)


def _by_symbol(image: Image, guest: Memory, symbol: int, offset: int) -> FoundRing | None:
    """The ring at the header's symbol: with the image's own header if the one there is none."""
    virtual = symbol + offset & MASK64
    try:
        return _ring_at(guest, virtual, f"by its symbol {HEADER}")
    except (NotARing, Unreadable) as fault:
        why = f"The ring's header in memory, at {virtual:#x}, is damaged ({fault})"
    header = _linked_header(image, symbol, offset)
    if header is None:
        return None
    try:
        found = _ring_at(guest, virtual, f"by its symbol {HEADER}", header)
    except (NotARing, Unreadable):
        return None
    found.notes.append(f"{why}: what it was is taken from the image.")
    return found


def _linked_header(image: Image, symbol: int, offset: int) -> RingHeader | None:
    """The header as the image has it, with the addresses that the guest would have written."""
    records = image.object_named(RECORDS)
    try:
        header = RingHeader.parse(image.read(symbol, HEADER_SIZE) or bytes(HEADER_SIZE))
    except NotARing:
        return None
    if records is None:
        return None
    return header._replace(
        header_virtual=symbol + offset & MASK64, records_virtual=records + offset & MASK64
    )


def _in_image(image: Image, guest: Memory, offset: int) -> FoundRing | None:
    """The ring in the writable parts of a stripped image, by its magic."""
    for segment in image.segments():
        if not segment.flags & PF_W:
            continue
        end = segment.address + min(segment.memory_size, MAX_SEGMENT)
        for page in range(segment.address & ~(PAGE - 1), end, PAGE):
            virtual = page + offset & MASK64
            try:
                if guest.read(virtual, len(_MAGIC)) == _MAGIC:
                    return _ring_at(guest, virtual, "by its magic in the image's data")
            except (NotARing, Unreadable):
                continue
    return None


def _ring_at(memory: Memory, virtual: int, how: str, header: RingHeader | None = None) -> FoundRing:
    """The ring whose header is at a virtual address; NotARing or Unreadable."""
    rings = Rings(memory.read, virtual, header)
    rings.counters()
    return FoundRing(rings, virtual, memory.translate(virtual), how, memory, is_mapped=True)


def rings_by_magic(
    physical: SearchableMemory, cr4: int, guest: Memory | None, notes: list[str]
) -> list[FoundRing]:
    """All that can be the header of a ring, the likeliest first."""
    hits = list(islice(physical.find(_MAGIC, PAGE), MAX_HITS + 1))
    if len(hits) > MAX_HITS:
        notes.append(f"More than {MAX_HITS} pages begin as a ring does; the others are not read.")
    every = (ring for at in hits[:MAX_HITS] for ring in _rings_from(physical, at, cr4, guest))
    return sorted(islice(every, MAX_FOUND), key=lambda ring: ring.rank, reverse=True)


def _rings_from(
    physical: SearchableMemory, at: int, cr4: int, guest: Memory | None
) -> Iterator[FoundRing]:
    """The ring whose header is at the guest-physical address ``at``, if it is one."""
    try:
        header = RingHeader.parse(physical.read(at, HEADER_SIZE))
        memory, is_mapped = _memory_for(physical, header, at, cr4, guest)
        virtual = header.header_virtual
        rings = Rings(memory.read, virtual, header)
        rings.counters()
    except (NotARing, Unreadable):
        return
    yield FoundRing(rings, virtual, at, "by its magic in physical memory", memory, is_mapped)


def _memory_for(
    physical: SearchableMemory, header: RingHeader, at: int, cr4: int, guest: Memory | None
) -> tuple[Memory, bool]:
    """What to read the ring through, and whether page tables lead from its address to it."""
    spaces = [guest] if isinstance(guest, VirtualMemory) else []
    if header.cr3:
        spaces.append(VirtualMemory(physical, header.cr3, cr4))
    for space in spaces:
        try:
            if space.translate(header.header_virtual) == at:
                return space, True
        except Unreadable:
            continue
    return DirectMemory(physical, header, at), False
