# SPDX-License-Identifier: BSD-3-Clause
"""Finds a nested guest in the memory of the machine that its hypervisor runs on, at rest.

By the VMCBs in that memory, and by the image: the guest's page tables, through a nested page table,
lead to its code.
"""

import bisect
from functools import cached_property
from itertools import islice
from typing import Iterator, Protocol

from acrn_trace.at_rest.address_spaces import Space
from acrn_trace.at_rest.image_match import CodeSample
from acrn_trace.guest.bytes_at import try_read
from acrn_trace.guest.memory import Unreadable
from acrn_trace.guest.nested import LEVELS, NestedMemory, NestedTable
from acrn_trace.guest.paging import PAGE, Memory, memory_of
from acrn_trace.guest.snapshot import Snapshot, SnapshotVcpu
from acrn_trace.guest.vmcb import ScannedMemory, Vmcb, find_vmcbs

MAX_TABLES = 64
MAX_PARTS = 1 << 20  # of the guest's memory, pages of any size


class SearchedMachine(ScannedMemory, Protocol):
    """A machine's memory at rest."""

    def find(self, pattern: bytes, alignment: int) -> Iterator[int]:
        """Where ``pattern`` is, at multiples of ``alignment``."""


class NestedAtRest(NestedMemory):
    """A nested guest's memory (guest.snapshot.SearchableMemory)."""

    def find(self, pattern: bytes, alignment: int) -> Iterator[int]:
        """Where ``pattern`` is on one page of the guest's, in the order of the machine's memory."""
        for host in self._machine.find(pattern, min(alignment, PAGE)):
            for guest in self._guest_addresses(host):
                if guest % alignment == 0:
                    yield guest

    def _guest_addresses(self, host: int) -> Iterator[int]:
        at = bisect.bisect_right(self._by_host, (host + 1, 0, 0)) - 1
        while at >= 0 and self._by_host[at][0] + self._by_host[at][2] > host:
            start, guest, _ = self._by_host[at]
            yield guest + host - start
            at -= 1

    @cached_property
    def _by_host(self) -> list[tuple[int, int, int]]:
        """Host-physical and guest-physical address and size of each part."""
        parts = self._tables.mapped(self.table.ncr3, self.table.levels)
        return sorted((host, guest, size) for guest, host, size in islice(parts, MAX_PARTS))


class NestedGuest:
    """One that has the image: ``space`` is its memory, ``own`` that of each vCPU, its or not."""

    def __init__(self, physical: NestedAtRest, space: Space, own: list[Space]) -> None:
        self.physical, self.space, self.own = physical, space, own


def nested_guest(
    snapshot: Snapshot, sample: CodeSample, offset: int, direct: list[Space]
) -> NestedGuest | None:
    """The guest of the snapshot's that has the image; ``direct``: the vCPUs' as the machine's."""
    vmcbs = list(find_vmcbs(snapshot.physical))
    ncr3s = list(dict.fromkeys(vmcb.ncr3 for vmcb in vmcbs))[:MAX_TABLES]
    for table in (NestedTable(ncr3, levels) for ncr3 in ncr3s for levels in LEVELS):
        physical = NestedAtRest(snapshot.physical, table)
        for space in _spaces(snapshot, physical, [v for v in vmcbs if v.ncr3 == table.ncr3]):
            space.match = sample.compared(space.memory, offset)
            if space.match.is_there:
                own = list(_own(snapshot, physical, sample, offset, direct))
                return NestedGuest(physical, space, own)
    return None


def _spaces(snapshot: Snapshot, physical: NestedAtRest, vmcbs: list[Vmcb]) -> Iterator[Space]:
    """The address spaces of a guest's that are known of."""
    by = f", through the {physical.table}"
    for vcpu in snapshot.vcpus:
        memory = _memory(physical, vcpu.registers)
        if memory:
            yield Space(memory, f"the CR3 of vCPU {vcpu.vcpu}{by}", vcpu.vcpu)
    for vmcb in vmcbs:
        memory = _memory(physical, {"cr0": vmcb.cr0, "cr3": vmcb.cr3, "cr4": vmcb.cr4})
        if memory:
            yield Space(memory, f"the CR3 in the VMCB at {vmcb.address:#x}{by}")


def _own(
    snapshot: Snapshot,
    physical: NestedAtRest,
    sample: CodeSample,
    offset: int,
    direct: list[Space],
) -> Iterator[Space]:
    """Each vCPU's memory: the guest's, if that has its code, else as the machine has it."""
    of_machine = {space.vcpu: space for space in direct}
    for vcpu in snapshot.vcpus:
        memory = _memory(physical, vcpu.registers)
        space = Space(memory, f"the CR3 of vCPU {vcpu.vcpu}", vcpu.vcpu) if memory else None
        if space:
            space.match = sample.compared(space.memory, offset)
        other = of_machine.get(vcpu.vcpu)
        is_guest = space and (
            space.match.is_there or (_runs_in(vcpu, memory) and not _runs_in(vcpu, other))
        )
        if is_guest or other:
            yield space if is_guest else other


def _runs_in(vcpu: SnapshotVcpu, where: Memory | Space | None) -> bool:
    """Whether there is memory where the vCPU stands."""
    memory = where.memory if isinstance(where, Space) else where
    return try_read(memory, vcpu.registers.get("rip", -1), 1) is not None


def _memory(physical: NestedAtRest, registers: dict[str, int]) -> Memory | None:
    try:
        return memory_of(physical, registers)
    except Unreadable:
        return None
