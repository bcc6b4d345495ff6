# SPDX-License-Identifier: BSD-3-Clause
"""Lists the page tables that may lead to the guest's memory, the surest first."""

from dataclasses import dataclass
from typing import Iterator

from acrn_trace.at_rest.image_match import CodeSample, ImageMatch
from acrn_trace.at_rest.linked_memory import LinkedMemory, page_tables_in
from acrn_trace.at_rest.ring_search import FoundRing
from acrn_trace.guest.memory import PhysicalMemory, Unreadable
from acrn_trace.guest.paging import Memory, VirtualMemory, memory_of
from acrn_trace.guest.snapshot import Snapshot
from acrn_trace.image.image import Image


@dataclass
class Space:
    """One candidate for the guest's virtual memory; ``match`` is of the image with it."""

    memory: Memory
    whose: str
    vcpu: int | None = None
    match: ImageMatch | None = None


def vcpu_spaces(snapshot: Snapshot) -> list[Space]:
    """The vCPUs' own, as far as they are known; vCPUs with the same share what is read of them."""
    known: dict[tuple[int, ...], Memory] = {}
    spaces = []
    for vcpu in snapshot.vcpus:
        key = tuple(vcpu.registers.get(name, -1) for name in ("cr0", "cr3", "cr4"))
        try:
            memory = known.get(key) or memory_of(snapshot.physical, vcpu.registers)
        except Unreadable:
            continue
        known[key] = memory
        spaces.append(Space(memory, f"the CR3 of vCPU {vcpu.vcpu}", vcpu.vcpu))
    return spaces


def image_spaces(
    physical: PhysicalMemory, image: Image, sample: CodeSample, offset: int, cr4: int
) -> Iterator[Space]:
    """What the image itself leads to, if its code is where it was linked to be loaded."""
    linked = LinkedMemory(physical, image, offset)
    if not sample.parts or not sample.compared(linked, offset).is_there:
        return
    for space in page_tables_in(physical, image, offset, sample.parts[0].address, cr4):
        yield Space(space, f"the page tables at {space.cr3:#x}, in the image's own data")
    yield Space(linked, "the image's program headers: no page tables are known, its own parts only")


def ring_space(physical: PhysicalMemory, rings: list[FoundRing], cr4: int) -> Space | None:
    """The one whose CR3 is in a ring's header, if it leads to the ring; the ring is then its."""
    for ring in rings:
        space = VirtualMemory(physical, ring.rings.header.cr3, cr4)
        try:
            if ring.rings.header.cr3 and space.translate(ring.virtual) == ring.physical:
                ring.read_through(space)
                return Space(space, "the CR3 in the ring's header")
        except Unreadable:
            continue
    return None
