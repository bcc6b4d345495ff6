# SPDX-License-Identifier: BSD-3-Clause
"""Page tables made by hand, a guest's own or nested ones, and the memory that they lead to."""

import struct

from helpers.make.memory import FakeMemory

PRESENT, USER, LARGE = 1, 4, 0x80


class Tables(FakeMemory):
    """Memory whose pages are made as they are mapped."""

    def map(self, root, virtual, physical, levels=4, size_level=0, large=True, flags=PRESENT):
        """Map the page at ``virtual`` to ``physical``; new tables lie from 0x100000 on."""
        table = root
        for level in reversed(range(levels)):
            page = bytearray(self.parts.get(table, bytes(4096)))
            slot = (virtual >> 12 + 9 * level & 511) * 8
            if level == size_level:
                kind = LARGE if level and large else 0
                struct.pack_into("<Q", page, slot, physical | flags | kind)
                self.parts[table] = bytes(page)
                return
            (entry,) = struct.unpack_from("<Q", page, slot)
            entry = entry or (0x100000 + 0x1000 * len(self.parts)) | PRESENT | 2 | USER
            struct.pack_into("<Q", page, slot, entry)
            self.parts[table] = bytes(page)
            table = entry & ~0xFFF
            self.parts.setdefault(table, bytes(4096))

    def write(self, address, data):
        """To a part that is there; Unreadable where there is none."""
        start, size = address & ~0xFFF, len(data)
        page = bytearray(self.read(start, 4096))
        page[address - start : address - start + size] = data
        self.parts[start] = bytes(page)

    def pages_with(self, offset, bits):
        """As guest.vmcb.ScannedMemory has it."""
        for address, data in sorted(self.parts.items()):
            if offset < len(data) and data[offset] & bits == bits:
                yield address
