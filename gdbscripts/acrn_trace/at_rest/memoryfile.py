# SPDX-License-Identifier: BSD-3-Clause
"""Reads what QEMU's ``pmemsave`` writes: memory from one address on, and nothing else."""

import os
from dataclasses import dataclass, field
from typing import IO

from acrn_trace.at_rest.corefile import MAX_ADDRESS
from acrn_trace.at_rest.filememory import FileMemory, Piece
from acrn_trace.at_rest.other_makers import FORMATS
from acrn_trace.base.errors import TraceError
from acrn_trace.base.formats import LONGEST_START, told_of
from acrn_trace.base.open_file import open_file
from acrn_trace.guest.snapshot import MEMORY_FILE, SnapshotVcpu
from acrn_trace.image.elf import MAGIC

_ET_CORE = b"\4\0"
NO_REGISTERS = "A file of memory has no registers: where the vCPUs were is not known."


@dataclass
class MemorySnapshot:
    """A file of memory, open."""

    kind: str
    vcpus: list[SnapshotVcpu]
    physical: FileMemory
    notes: list[str]
    path: str
    vmcoreinfo: dict[str, int] = field(default_factory=dict)


def open_memory(path: str, base: int = 0) -> MemorySnapshot:
    """The memory in a file whose first byte is at the guest-physical address ``base``."""
    return open_file(path, "the memory file", lambda file: _snapshot(path, file, base))


def _snapshot(path: str, file: IO[bytes], base: int) -> MemorySnapshot:
    size = os.fstat(file.fileno()).st_size
    if not 0 <= base < MAX_ADDRESS:
        raise TraceError(f"the base {base:#x} is no guest-physical address")
    start = os.pread(file.fileno(), LONGEST_START, 0)
    if start[:4] == MAGIC and start[16:18] == _ET_CORE:
        raise TraceError(f"{path} is a dump, no file of bare memory; use --core")
    if told := told_of(start, FORMATS):
        raise TraceError(f"the memory file {path} is {told}")
    pieces = [Piece(base, 0, min(size, MAX_ADDRESS - base))] if size else []
    notes = [NO_REGISTERS] + ([] if size else ["The file is empty."])
    return MemorySnapshot(MEMORY_FILE, [], FileMemory(file, pieces), notes, path)
