# SPDX-License-Identifier: BSD-3-Clause
"""Reads and writes the memory of the machine that QEMU is: by its stub, by a file where it has one.

Addresses are those of the machine's processor: guest-physical ones, unless the guest is nested.
"""

from typing import Iterator

from acrn_trace.at_rest.filememory import FileMemory, Piece
from acrn_trace.base.errors import TargetError
from acrn_trace.guest.memory import Unreadable
from acrn_trace.guest.paging import PAGE
from acrn_trace.guest.ram_map import RAM_REGION, region_ranges
from acrn_trace.in_gdb import stub
from acrn_trace.in_gdb.saved_memory import saved_parts
from acrn_trace.in_gdb.stub import StubPhysicalMemory, physical_mode


class MachineMemory(StubPhysicalMemory):
    """All of it; ``file`` is its RAM as the launcher shares it with QEMU.

    Only read there: QEMU has to see what is written, which may be code that it has translated.
    """

    def __init__(self, file: str | None = None) -> None:
        super().__init__()
        self._path = file
        self._file: FileMemory | None = None

    def read(self, address: int, size: int) -> bytes:
        shared = self._shared()
        if shared:
            try:
                return shared.read(address, size)
            except Unreadable:
                pass  # ROM, or no memory
        return super().read(address, size)

    def pages_with(self, offset: int, bits: int) -> Iterator[int]:
        """The addresses of the pages whose byte at ``offset`` has ``bits``."""
        shared = self._shared()
        if shared:
            yield from shared.pages_with(offset, bits)
            return
        try:
            for part in saved_parts(self.ram_ranges()):
                yield from part.pages_with(offset, bits)
        except TargetError:
            yield from self._probed(offset, bits)

    def _probed(self, offset: int, bits: int) -> Iterator[int]:
        """By a packet a page."""
        found = []
        with physical_mode() as memory:
            for first, last in self.ram_ranges():
                for page in range(-(-first // PAGE) * PAGE, last + 1, PAGE):
                    if memory.read(page + offset, 1)[0] & bits == bits:
                        found.append(page)
        yield from found

    def _shared(self) -> FileMemory | None:
        if self._path and self._file is None:
            ranges = region_ranges(stub.ask_monitor("info mtree -f"), RAM_REGION)
            pieces = [Piece(address, offset, size) for address, size, offset in ranges]
            self._file = FileMemory(open(self._path, "rb"), sorted(pieces))
        return self._file
