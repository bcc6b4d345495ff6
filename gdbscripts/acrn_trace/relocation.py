# SPDX-License-Identifier: BSD-3-Clause
"""How far a kernel has moved itself from where it was linked (KASLR), told from guest memory."""

import struct
from collections import Counter
from typing import Callable

from acrn_trace.abi import MASK64
from acrn_trace.image import Image
from acrn_trace.memory import Unreadable

KERNEL_HALF = 0xFFFF_8000_0000_0000
PAGE = 4096
STEP = 0x200000  # Linux's CONFIG_PHYSICAL_ALIGN, 2 MiB at least on x86-64
MAX_STEPS = 512  # of the 1 GiB that a kernel image may be in
MAX_SEARCHED = 1 << 22  # bytes of data that are searched for pointers
LEAST_POINTERS = 8
COMPARED = 256  # bytes of code
LEAST_EQUAL = 0.85  # of them: alternatives are patched, addresses relocated

Read = Callable[[int, int], "bytes | None"]


def is_kernel(image: Image) -> bool:
    """Whether ``image`` runs at a kernel's addresses and is entered at physical ones."""
    code = image.code()
    return (
        bool(code)
        and all(part.address >= KERNEL_HALF for part in code)
        and (image.entry < KERNEL_HALF and image.entry_code() is not None)
    )


def pointer_page(image: Image) -> tuple[int, list[tuple[int, int]]]:
    """The page of ``image``'s data with the most pointers into its code: (place in it, value)."""
    code = [part for part in image.code() if part.address >= KERNEL_HALF]
    first, last = min(part.address for part in code), max(part.end for part in code)
    pages: dict[int, list[tuple[int, int]]] = {}
    left = MAX_SEARCHED
    for address, data in image.data():
        start = -address % 8
        usable = data[start : start + left - left % 8]
        usable = usable[: len(usable) - len(usable) % 8]
        left -= len(usable)
        for index, (value,) in enumerate(struct.iter_unpack("<Q", usable)):
            if first <= value < last:
                at = address + start + index * 8
                pages.setdefault(at & -PAGE, []).append((at % PAGE, value))
    return max(pages.items(), key=lambda page: len(page[1]), default=(0, []))


def offset_by_pointers(image: Image, moved: int, read_physical: Callable) -> int | None:
    """The virtual offset of a kernel that lies ``moved`` from its physical link address.

    Pointers in its data were relocated when it was unpacked: what most of them agree on. None
    where too few agree. Nothing of the kernel may have run yet.
    """
    page, pointers = pointer_page(image)
    physical = image.physical(page)
    if physical is None or len(pointers) < LEAST_POINTERS:
        return None
    try:
        data = read_physical(physical + moved & MASK64, PAGE)
    except Unreadable:
        return None
    offsets = Counter(
        int.from_bytes(data[place : place + 8], "little") - value & MASK64
        for place, value in pointers
    )
    offset, votes = offsets.most_common(1)[0]
    return offset if votes * 4 >= len(pointers) * 3 and offset % PAGE == 0 else None


def offset_by_code(image: Image, rip: int, read: Read) -> int | None:
    """The virtual offset of a kernel that runs, by the code at ``rip``; None if it is not ours."""
    code = read(rip, COMPARED)
    if rip < KERNEL_HALF or code is None:
        return None
    best, offset = 0, None
    for step in range(MAX_STEPS):
        there = image.read(rip - step * STEP & MASK64, COMPARED)
        equal = sum(a == b for a, b in zip(code, there)) if there else 0
        if equal > best:
            best, offset = equal, step * STEP
    return offset if best >= COMPARED * LEAST_EQUAL else None
