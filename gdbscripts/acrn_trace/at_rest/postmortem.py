# SPDX-License-Identifier: BSD-3-Clause
"""Puts together what a guest at rest is: its vCPUs, its page tables, its rings."""

from dataclasses import dataclass, field, replace
from typing import Iterator

from acrn_trace.at_rest.address_spaces import Space, image_spaces, ring_space, vcpu_spaces
from acrn_trace.at_rest.image_match import DIFFERS, NOT_MAPPED, CodeSample, ImageMatch
from acrn_trace.at_rest.levels import FIRMWARE, GUEST, HYPERVISOR, UNKNOWN, Level, by_ring, level_of
from acrn_trace.at_rest.moved_kernel import kernel_offset, kernel_space
from acrn_trace.at_rest.nested_guest import nested_guest
from acrn_trace.at_rest.ring_search import HEADER, FoundRing, find_rings
from acrn_trace.at_rest.vcpu_choice import chosen_vcpu
from acrn_trace.base.errors import TraceError
from acrn_trace.guest.paging import Memory
from acrn_trace.guest.snapshot import Snapshot
from acrn_trace.image.image import Image

__all__ = ["FIRMWARE", "GUEST", "HYPERVISOR", "UNKNOWN", "FoundRing", "Postmortem", "examine"]

_OTHER_OFFSET = (
    "The kernel has moved itself by {:#x} (KASLR), and is looked for at {:#x} from where it was "
    "linked; give {:#x} as the offset."
)

_NESTED = (
    "The guest is nested: its memory is read through the {}. Of a vCPU that was in the hypervisor "
    "the guest's own registers are not known."
)


@dataclass
class Postmortem:
    """A snapshot, examined. ``image`` is None if none was given."""

    snapshot: Snapshot
    image: Image | None
    offset: int  # how far the guest has the image from where it was linked
    memory: Memory | None = None  # the guest's virtual memory; None: no way to it is known
    memory_from: str = ""  # whose page tables: "the CR3 of vCPU 0", "the CR3 in the ring's header"
    match: ImageMatch = field(default_factory=lambda: ImageMatch(NOT_MAPPED))
    levels: dict[int, Level] = field(default_factory=dict)  # by vCPU
    rings: list[FoundRing] = field(default_factory=list)  # the best first; the others are old ones
    ring_fault: str | None = None  # why there is no ring that can be read, a clause
    vcpu: int | None = None  # the one to look at first
    vcpu_why: str = ""  # the evidence for it, a sentence without its full stop
    notes: list[str] = field(default_factory=list)  # the snapshot's and what was found, sentences

    @property
    def ring(self) -> FoundRing | None:
        """The one that is live, as far as can be told."""
        return self.rings[0] if self.rings else None


def examine(snapshot: Snapshot, image: Image | None, offset: int | None = 0) -> Postmortem:
    """Find out all of the above.

    ``offset``: how far the image is from where it was linked; None: that is to be found out, too.
    """
    own, named_tables = vcpu_spaces(snapshot), list(kernel_space(snapshot))
    moved = kernel_offset(image, snapshot, [*own, *named_tables]) if image else None
    given, offset = offset, (moved or 0) if offset is None else offset
    result = Postmortem(snapshot, image, offset, notes=list(snapshot.notes))
    if moved and given is not None and given != moved:
        result.notes.append(_OTHER_OFFSET.format(moved, given, moved))
    cr4 = max((vcpu.registers.get("cr4", 0) for vcpu in snapshot.vcpus), default=0)
    sample = _sample(result)
    guest = _with_image([*own, *named_tables], sample, offset)
    if guest is None and image and sample:
        others = list(image_spaces(snapshot.physical, image, sample, offset, cr4))
        guest = _with_image(others, sample, offset)
    if guest is None and image and sample:
        nested = nested_guest(snapshot, sample, offset, own)
        if nested:
            guest, own = nested.space, nested.own
            snapshot = result.snapshot = replace(snapshot, physical=nested.physical)
            result.notes.append(_NESTED.format(nested.physical.table))
    memory = guest.memory if guest else None
    result.rings = find_rings(snapshot.physical, image, memory, offset, cr4, result.notes)
    if guest is None or guest.vcpu is None:
        named = ring_space(snapshot.physical, result.rings, cr4)
        has_image = named and _with_image([named], sample, offset)
        guest = has_image or guest or named or _any_space(own)
    if guest:
        result.memory, result.memory_from = guest.memory, guest.whose
        result.match = guest.match or result.match
    if not result.rings:
        result.ring_fault = _no_ring(image)
    levels = _levels(result, own)
    result.levels = {level.vcpu: level for level in levels}
    result.vcpu, result.vcpu_why = chosen_vcpu(snapshot, result.levels, result.ring)
    return result


def _sample(result: Postmortem) -> CodeSample | None:
    if result.image is None:
        return None
    try:
        return CodeSample(result.image)
    except TraceError as error:
        result.notes.append(f"The image cannot be compared: {error}.")
        return None


def _with_image(spaces: list[Space], sample: CodeSample | None, offset: int) -> Space | None:
    """The first address space that has the image's code; compares all up to there."""
    found = None
    for space in spaces:
        if sample:
            space.match = sample.compared(space.memory, offset)
            found = found or (space if space.match.is_there else None)
    return found


def _any_space(own: list[Space]) -> Space | None:
    """The best guess where neither image nor ring tells: where there is other code at least."""
    differing = [space for space in own if space.match and space.match.verdict == DIFFERS]
    return next(iter([*differing, *own]), None)


def _no_ring(image: Image | None) -> str:
    missing = "no page in memory begins as a ring's header does"
    if image and image.object_named(HEADER) is None:
        missing = f"the image has no symbol {HEADER}, and {missing}"
    return (
        f"{missing}: the guest has no ring (it is built with ACRN_RING), or it is not loaded yet, "
        "or the header was overwritten"
    )


def _levels(result: Postmortem, own: list[Space]) -> Iterator[Level]:
    """Where each vCPU is; where the image cannot tell, the ring may."""
    spaces = {space.vcpu: space for space in own}
    elsewhere = result.memory_from if result.match.is_there else ""
    for vcpu in result.snapshot.vcpus:
        space = spaces.get(vcpu.vcpu)
        memory, match = (space.memory, space.match) if space else (None, None)
        level = level_of(vcpu, memory, match, elsewhere)
        if level.level == UNKNOWN and memory and not result.match.is_there:
            by_ring(level, result.ring)
        yield level
