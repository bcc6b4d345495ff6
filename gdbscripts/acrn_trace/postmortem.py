# SPDX-License-Identifier: BSD-3-Clause
"""What a guest at rest is: where each vCPU is, whose page tables to use, where the rings are."""

from dataclasses import dataclass, field

from acrn_trace.image import Image
from acrn_trace.image_match import NOT_MAPPED, ImageMatch
from acrn_trace.paging import Memory
from acrn_trace.ring import Rings
from acrn_trace.snapshot import Snapshot

GUEST, HYPERVISOR, UNKNOWN = "guest", "hypervisor", "unknown"


@dataclass
class Level:
    """Where a vCPU was when it stopped, with the evidence as a sentence without its full stop."""

    vcpu: int
    level: str  # GUEST, HYPERVISOR (its RIP and CR3 are then the hypervisor's) or UNKNOWN
    why: str


@dataclass
class FoundRing:
    """The rings of one header (one ring a vCPU, or one for all)."""

    rings: Rings
    virtual: int  # of the header
    physical: int | None  # of the header, where known
    how: str  # how it was found, as the end of a sentence: "by its symbol"
    memory: Memory  # that it is read through
    notes: list[str] = field(default_factory=list)  # what is wrong with it, one sentence each


@dataclass
class Postmortem:
    """A snapshot, examined. ``image`` is None if none was given."""

    snapshot: Snapshot
    image: Image | None
    offset: int  # how far the guest has the image from where it was linked
    memory: Memory | None = None  # the guest's virtual memory; None: no page tables known
    memory_from: str = ""  # whose page tables: "the CR3 of vCPU 0", "the CR3 in the ring's header"
    match: ImageMatch = field(default_factory=lambda: ImageMatch(NOT_MAPPED))
    levels: dict[int, Level] = field(default_factory=dict)  # by vCPU
    rings: list[FoundRing] = field(default_factory=list)  # the best first; the others are old ones
    ring_fault: str | None = None  # why there is no ring that can be read, a sentence
    vcpu: int | None = None  # the one to look at first
    vcpu_why: str = ""  # the evidence for it
    notes: list[str] = field(default_factory=list)  # the snapshot's and what was found, sentences


def examine(
    snapshot: Snapshot,
    image: Image | None,
    offset: int = 0,
    header: int | None = None,
) -> Postmortem:
    """Find out all of the above. ``header`` is the ring header's virtual address, where known."""
    return Postmortem(snapshot, image, offset)
