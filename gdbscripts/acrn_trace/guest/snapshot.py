# SPDX-License-Identifier: BSD-3-Clause
"""Defines a guest that does not run: its memory and, where there are some, its vCPUs' registers.

A dump, a file of memory, or a live guest that is stopped. All of it is hostile input: what is wrong
with a source is a note, and what can be read is read.
"""

from dataclasses import dataclass, field
from typing import Iterator, Mapping, Protocol, Sequence

DUMP, PAGED_DUMP, MEMORY_FILE, STUB = "dump", "paged dump", "memory file", "stub"


@dataclass
class SnapshotVcpu:
    """One vCPU. Unsigned 64-bit integers by lower-case name; what the source has not is missing.

    The general registers, rip, eflags, cs, ss, cr0, cr2, cr3, cr4, fs_base, gs_base, idt_base.
    """

    vcpu: int
    registers: dict[str, int] = field(default_factory=dict)


class SearchableMemory(Protocol):
    """Guest-physical memory (memory.PhysicalMemory) that can be searched as well."""

    def read(self, address: int, size: int) -> bytes:
        """``size`` bytes, or Unreadable."""

    def find(self, pattern: bytes, alignment: int) -> Iterator[int]:
        """Where ``pattern`` is, at multiples of ``alignment``, in ascending order."""

    def pages_with(self, offset: int, bits: int) -> Iterator[int]:
        """The addresses of the pages whose byte at ``offset`` has ``bits``, in ascending order."""


class Snapshot(Protocol):
    """What every source of a guest at rest gives."""

    kind: str  # DUMP, PAGED_DUMP (dump-guest-memory -p), MEMORY_FILE (pmemsave) or STUB
    vcpus: Sequence[SnapshotVcpu]  # by number; none for a file of memory
    physical: SearchableMemory
    notes: list[str]  # what is wrong with or missing from the source, one sentence each
    vmcoreinfo: Mapping[str, int]  # of Linux's own notes, what at_rest.moved_kernel reads
