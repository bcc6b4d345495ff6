# SPDX-License-Identifier: BSD-3-Clause
"""Compares an image's code with what is mapped in memory: is it the one that ran?

Works on executable sections or segments, so a stripped image does as well.
"""

from dataclasses import dataclass
from typing import Iterator, NamedTuple

from acrn_trace.guest.abi import MASK64
from acrn_trace.guest.memory import Unreadable
from acrn_trace.guest.paging import PAGE, Memory
from acrn_trace.image.image import Image

MATCH, PATCHED, DIFFERS, NOT_MAPPED = "match", "patched", "differs", "not mapped"
MAX_PAGES = 512  # compared, spread evenly over the code
MAX_BUILD_ID = 4096
# A kernel that rewrites its code does so in places of a few bytes: where half of a window differs,
# other code is there. So much of it may be even so, as with alternatives for whole functions.
WINDOW = 128
OTHER_WINDOWS_PER_MATCH = 50
_FREED = (".init", ".exit", ".altinstr")  # what a kernel reuses once it runs
_BUILD_ID = (".note.gnu.build-id", ".notes")


@dataclass
class ImageMatch:
    """How the image's code compares with the memory of one address space.

    ``match``: every byte compared is equal. ``patched``: few bytes differ, in short runs, as in a
    kernel that rewrites its own code, or another build of nearly the same source. ``differs``:
    other code is there. ``not mapped``: most of the pages are not mapped.
    """

    verdict: str
    compared: int = 0  # bytes
    differing: int = 0  # bytes
    unmapped: int = 0  # pages of those looked at
    first_difference: int | None = None  # virtual address, as the guest has it
    build_id_differs: bool = False

    @property
    def is_there(self) -> bool:
        return self.verdict in (MATCH, PATCHED)


class _Part(NamedTuple):
    """Up to a page of the image's code, at its address as linked."""

    address: int
    data: bytes


class CodeSample:
    """The parts of one image's code that are compared; made once, compared many times."""

    def __init__(self, image: Image) -> None:
        self._image = image
        self.parts = list(_spread(_parts(image)))
        self._build_id = _build_id(image)

    def compared(self, memory: Memory, offset: int = 0) -> ImageMatch:
        """The image ``offset`` from where it was linked, with the memory there."""
        match, other = ImageMatch(NOT_MAPPED), 0
        for part in self.parts:
            address = part.address + offset & MASK64
            try:
                there = memory.read(address, len(part.data))
            except Unreadable:
                match.unmapped += 1
                continue
            match.compared += len(there)
            if there != part.data:
                other += _compare(match, address, part.data, there)
        match.build_id_differs = self._has_other_build_id(memory, offset)
        match.verdict = self._verdict(match, other)
        return match

    def _verdict(self, match: ImageMatch, other_windows: int) -> str:
        if 2 * match.unmapped > len(self.parts) or not match.compared:
            return NOT_MAPPED
        if other_windows * OTHER_WINDOWS_PER_MATCH * WINDOW > match.compared:
            return DIFFERS
        if match.build_id_differs:
            return DIFFERS
        return PATCHED if match.differing else MATCH

    def _has_other_build_id(self, memory: Memory, offset: int) -> bool:
        if self._build_id is None:
            return False
        try:
            there = memory.read(self._build_id.address + offset & MASK64, len(self._build_id.data))
        except Unreadable:
            return False
        return there != self._build_id.data


def _compare(match: ImageMatch, address: int, ours: bytes, there: bytes) -> int:
    """Count the differences into ``match``; the windows of which half or more differ."""
    other = 0
    for at in range(0, len(ours), WINDOW):
        pair = ours[at : at + WINDOW], there[at : at + WINDOW]
        if pair[0] == pair[1]:
            continue
        places = [index for index, (a, b) in enumerate(zip(*pair)) if a != b]
        match.differing += len(places)
        other += 2 * len(places) >= len(pair[0])
        if match.first_difference is None:
            match.first_difference = address + at + places[0]
    return other


def _parts(image: Image) -> list[_Part]:
    """The code in pages, by address.

    Code linked to run at its physical address is left out where there is other code too: boot code
    does so, and a hypervisor's page tables are likely to map it as well.
    """
    codes = [code for code in image.code() if not code.name.startswith(_FREED)]
    moved = [code for code in codes if image.physical_address(code.address) != code.address]
    return [
        _Part(code.address + at, code.data[at : at + PAGE])
        for code in moved or codes
        for at in range(0, len(code.data), PAGE)
    ]


def _spread(parts: list[_Part]) -> Iterator[_Part]:
    """At most MAX_PAGES of them, at even distances."""
    count = min(len(parts), MAX_PAGES)
    return (parts[index * len(parts) // count] for index in range(count))


def _build_id(image: Image) -> _Part | None:
    for name in _BUILD_ID:
        section = image.section(name)
        if section and section.is_data and 0 < section.size <= MAX_BUILD_ID:
            return _Part(section.address, image.section_data(section))
    return None
