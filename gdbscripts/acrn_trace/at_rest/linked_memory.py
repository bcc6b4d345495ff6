# SPDX-License-Identifier: BSD-3-Clause
"""Finds an image's own memory without page tables: where its program headers put it.

For a guest under whose page tables no vCPU was when it stopped, as when all were in the hypervisor.
"""

from typing import Iterator

from acrn_trace.guest.abi import MASK64
from acrn_trace.guest.memory import PhysicalMemory, Unreadable
from acrn_trace.guest.paging import PAGE, VirtualMemory
from acrn_trace.image.image import Image

MAX_TABLE_PAGES = 1 << 14  # of the image's data that are tried as a top page table


class LinkedMemory:
    """Memory by virtual address, of the image's segments only."""

    def __init__(self, physical: PhysicalMemory, image: Image, offset: int = 0) -> None:
        self._physical = physical
        self._image = image
        self._offset = offset

    def translate(self, address: int) -> int:
        """Where the image was loaded; Unreadable outside of it."""
        physical = self._image.physical_address(address - self._offset & MASK64)
        if physical is None:
            raise Unreadable(f"{address:#x} is outside of the image, and no page tables are known")
        return physical

    def read(self, address: int, size: int) -> bytes:
        start = self.translate(address)
        if size and self.translate(address + size - 1) != start + size - 1:
            raise Unreadable(f"{address:#x} and what follows is in no one segment of the image")
        return self._physical.read(start, size)


def page_tables_in(
    physical: PhysicalMemory, image: Image, offset: int, code: int, cr4: int
) -> Iterator[VirtualMemory]:
    """Address spaces whose top table is in the image's own data and that map its own ``code``.

    ``code`` is an address in the image as linked. A kernel has its first page tables in its data.
    """
    wanted = image.physical_address(code)
    pages = 0
    for segment in image.segments():
        for at in range(segment.physical, segment.physical + segment.memory_size, PAGE):
            pages += 1
            if pages > MAX_TABLE_PAGES:
                return
            space = VirtualMemory(physical, at, cr4)
            try:
                if space.translate(code + offset & MASK64) == wanted:
                    yield space
            except Unreadable:
                continue
