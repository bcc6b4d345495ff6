# SPDX-License-Identifier: BSD-3-Clause
"""Names what a diagnosis is made from, and what it says: plain data."""

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Callable, Iterator, Mapping

from acrn_trace.at_rest import postmortem
from acrn_trace.at_rest.image_match import DIFFERS
from acrn_trace.at_rest.levels import FIRMWARE, HYPERVISOR, UNKNOWN, Level, by_ring
from acrn_trace.at_rest.postmortem import FoundRing, Postmortem
from acrn_trace.diagnosis.standing import End, Interrupted, Line, Oops, Place, StackPart
from acrn_trace.guest.memory import Unreadable
from acrn_trace.guest.paging import Memory, VirtualMemory
from acrn_trace.guest.site import Site
from acrn_trace.rings.format import RingHeader
from acrn_trace.tables.knowledge import Knowledge
from acrn_trace.trace.event import Event

CERTAIN, PROBABLE, GUESS = "certain", "probable", "guess"

USER = "user"  # a level of the guest's as well: outside of ring 0


@dataclass(frozen=True)
class Case:
    """The dead guest as it was found, and what is known of its hypervisor and of its image.

    ``sites`` are by their address in the guest; ``line_of`` knows the source line of an address.
    """

    found: Postmortem
    knowledge: Knowledge
    sites: Mapping[int, Site] = field(default_factory=dict)
    line_of: Callable[[int], Line | None] = lambda address: None

    @property
    def ring(self) -> FoundRing | None:
        """The guest's ring; not a copy of the image, which has one that was never written to."""
        ring = self.found.ring
        return ring if ring and (ring.is_mapped or ring.rings.header.cr3) else None

    @cached_property
    def image_is_hypervisors(self) -> bool:
        """Whether the image is right, and runs where the guest's ring is not: below the guest."""
        ring, memory = self.ring, self.found.memory
        if not self.found.match.is_there or ring is None or not ring.is_mapped or memory is None:
            return False
        try:
            return memory.translate(ring.virtual) != ring.physical
        except Unreadable:
            return True

    @cached_property
    def levels(self) -> dict[int, Level]:
        """Where each vCPU is; told by the ring where the image is not the guest's."""
        levels = {number: replace(level) for number, level in self.found.levels.items()}
        for level in levels.values():
            if self.image_is_hypervisors and level.level != FIRMWARE:
                by_ring(level, self.ring)
            elif level.level == HYPERVISOR and not self.has_page_tables:
                level.level = UNKNOWN
        return levels

    @property
    def has_page_tables(self) -> bool:
        """Whether the guest's memory is read as its page tables have it, not as a file says."""
        return isinstance(self.found.memory, VirtualMemory)

    @property
    def image_is_right(self) -> bool:
        """Only then are its names and sites used."""
        return self.found.image is not None and self.found.match.is_there

    @property
    def image_is_wrong(self) -> bool:
        """Other code is where it should be, or nothing, though the guest's page tables are known;
        where these are not, nobody can tell."""
        if self.found.image is None:
            return False
        known = self.ring is not None and self.ring.is_mapped
        return self.found.match.verdict == DIFFERS or (not self.image_is_right and known)


@dataclass
class Recorded:
    """A call that is in a ring. Times are the guest's TSC."""

    event: Event
    ring: int
    sequence: int
    raw: bytes
    entry: int
    leave: int | None  # None: it has not returned

    @property
    def in_flight(self) -> bool:
        return self.leave is None


@dataclass
class RingState:
    """One ring: its counters, and which of its records make no sense."""

    number: int
    claimed: int = 0
    room: int = 0
    lost: int = 0
    lapped: int = 0
    torn: list[int] = field(default_factory=list)  # sequence numbers; their writing was begun
    damaged: int = 0  # records that no recorder writes
    unreadable: int = 0
    left_out: int = 0  # older calls that were not looked at
    calls: list[Recorded] = field(default_factory=list)


@dataclass
class Recorder:
    """The guest's rings. ``fault``: why they cannot be read, all or some."""

    how: str  # they were found
    header: RingHeader
    contiguous: bool = True  # a guest-physical address is an address of the dump
    fault: str | None = None
    rings: list[RingState] = field(default_factory=list)

    @property
    def hz(self) -> int:
        """Of the TSC; 0 if the guest does not say."""
        return self.header.tsc_khz * 1000

    def calls(self) -> list[Recorded]:
        """Of all rings, in order of time."""
        every = [call for ring in self.rings for call in ring.calls]
        return sorted(every, key=lambda call: (call.entry, call.ring, call.sequence))

    @property
    def newest(self) -> int:
        """The latest time that any record has."""
        return max((max(c.entry, c.leave or 0) for r in self.rings for c in r.calls), default=0)


@dataclass
class VcpuState:
    """Where one vCPU is: ``where`` is a level of postmortem's or USER, ``why`` its evidence."""

    number: int
    where: str
    why: str
    place: Place
    registers: Mapping[str, int]
    memory: Memory | None
    halted: bool = False
    interrupts: bool = True
    stack: list[StackPart] = field(default_factory=list)  # innermost first
    end: End | None = None
    in_flight: Recorded | None = None

    @property
    def interrupted(self) -> list[Interrupted]:
        """What was interrupted, innermost first."""
        return [part.frame for part in self.stack if part.frame and self.in_guest]

    @property
    def callers(self) -> list[Place]:
        """Who called whom, across what was interrupted: a guess from the stack."""
        return [place for part in self.stack for place in part.nearest]

    @property
    def trails(self) -> Iterator[tuple[Place, ...]]:
        """Each place that was interrupted in ring 0, or where the vCPU is, with its callers."""
        places: tuple[Place, ...] = (self.place,)
        for part in self.stack:
            yield places + part.callers
            places = (part.frame.place,) if part.frame else ()
        if not self.stack:
            yield places

    @property
    def in_guest(self) -> bool:
        return self.where in (postmortem.GUEST, USER)


@dataclass(frozen=True)
class Verdict:
    """Something that probably happened: one sentence, and what it rests on."""

    kind: str
    text: str
    evidence: tuple[str, ...] = ()
    certainty: str = PROBABLE
    vcpu: int | None = None

    def as_json(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "certainty": self.certainty,
            "vcpu": self.vcpu,
            "text": self.text,
            "evidence": list(self.evidence),
        }


@dataclass
class Diagnosis:
    """All that is said of one dead guest. ``calls`` are in order of time."""

    case: Case
    vcpus: list[VcpuState] = field(default_factory=list)
    recorder: Recorder | None = None
    calls: list[Recorded] = field(default_factory=list)
    in_flight: list[Recorded] = field(default_factory=list)  # those that a vCPU may be in
    oops: Oops | None = None
    verdicts: list[Verdict] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)

    @cached_property
    def by_vcpu(self) -> dict[int | None, list[Recorded]]:
        """The calls by where they were made, each in order."""
        found: dict[int | None, list[Recorded]] = {}
        for call in self.calls:
            found.setdefault(call.event.vcpu, []).append(call)
        return found

    def calls_of(self, vcpu: int | None) -> list[Recorded]:
        """The calls made on one vCPU, in order."""
        return self.by_vcpu.get(vcpu, [])

    def state_of(self, vcpu: int | None) -> VcpuState | None:
        return next((state for state in self.vcpus if state.number == vcpu), None)

    def seconds_since(self, tsc: int) -> float | None:
        """At least so long before the end; None if the guest does not say how fast its TSC is."""
        if self.recorder is None or not self.recorder.hz:
            return None
        return max(0, self.recorder.newest - tsc) / self.recorder.hz
