# SPDX-License-Identifier: BSD-3-Clause
"""Finds the 32-bit code that a boot loader enters, and where that goes on in 64 bits.

It runs at physical addresses; what is told are the image's virtual ones.
"""

import re
from dataclasses import replace

from acrn_trace.image.image import Image
from acrn_trace.sites.decoder import Decoder
from acrn_trace.sites.far_jumps import CodeSegments
from acrn_trace.sites.walk import Walk

_WRMSR = re.compile(b"\x0f\x30")
MAX_ROUNDS = 16  # of far jumps from 32-bit code to more of it


class Code32:
    """The 32-bit code of one image. ``goals`` are where it goes to 64-bit code by far jumps."""

    def __init__(self, image: Image) -> None:
        self._image = image
        self.goals: set[int] = set()
        self._walk: Walk | None = None
        starts = [address for address, bits in image.boot_entries.items() if bits == 32]
        if starts:
            self._parts = [
                replace(part, address=self._physical(part.address)) for part in image.code()
            ]
            self._walk = Walk(Decoder(bits=32), self._parts, self._read)
            self._follow(self._walk, [self._physical(start) for start in starts])

    def begins_at(self, address: int) -> bool:
        """Whether an instruction of 32-bit code begins at ``address``."""
        return self._walk is not None and self._walk.begins_at(self._physical(address))

    def is_inside(self, address: int) -> bool:
        """Whether ``address`` is in one, behind its beginning."""
        return self._walk is not None and self._walk.is_inside(self._physical(address))

    def _physical(self, address: int) -> int:
        found = self._image.physical_address(address)
        return address if found is None else found

    def _read(self, address: int, size: int) -> bytes | None:
        return self._image.read(self._image.linked_address(address), size)

    def _follow(self, walk: Walk, starts: list[int]) -> None:
        segments = CodeSegments(self._image)
        for _ in range(MAX_ROUNDS):
            walk.follow(starts)
            starts = []
            for goal in walk.far:
                bits = segments.bits(goal.selector) or (64 if self._enters_long_mode(walk) else 32)
                if bits == 64:
                    self.goals.add(self._image.linked_address(goal.target))
                elif bits == 32:
                    starts.append(goal.target)
            walk.far.clear()
            if not starts:
                return

    def _enters_long_mode(self, walk: Walk) -> bool:
        """Whether an MSR is written, as EFER is: of a GDT that is made as the guest runs nothing
        else tells of how many bits its segments are."""
        return any(
            walk.begins_at(part.address + match.start())
            for part in self._parts
            for match in _WRMSR.finditer(part.data)
        )
