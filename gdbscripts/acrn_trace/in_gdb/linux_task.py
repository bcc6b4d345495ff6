# SPDX-License-Identifier: BSD-3-Clause
"""Reads which task of a Linux guest makes a call: ``current``, as the kernel would.

A CPU's per-CPU area is where its GS base points, in it the pointer to the running task. Whatever
the guest has there, a few short reads are all that is done.
"""

from dataclasses import dataclass
from typing import Callable

from acrn_trace.guest.abi import MASK64
from acrn_trace.guest.stop import Task

KERNEL_HALF = (
    0xFF00_0000_0000_0000  # the canonical addresses that Linux keeps for itself, with LA57
)
MAX_COMM = 64
MAX_SPAN = 1024  # one packet of the stub's

ReadMemory = Callable[[int, int], bytes | None]  # virtual address, size; None: not readable


@dataclass(frozen=True)
class TaskLayout:
    """Where a kernel has what: an address that counts from the GS base, and places in bytes in
    its ``struct task_struct``."""

    current: int
    pid: int
    tgid: int
    comm: int
    comm_size: int


def read_task(layout: TaskLayout, gs_base: int, read: ReadMemory) -> Task | None:
    """The task that runs where GS base is ``gs_base``; None if there is none to be read."""
    if gs_base and gs_base < KERNEL_HALF:
        return None  # a program's own
    pointer = read(layout.current + gs_base & MASK64, 8)
    task = int.from_bytes(pointer or b"", "little")
    if task < KERNEL_HALF:
        return None
    places = ((layout.pid, 4), (layout.tgid, 4), (layout.comm, min(layout.comm_size, MAX_COMM)))
    found = _read_places(task, places, read)
    if found is None:
        return None
    pid, tgid, comm = found
    return Task(
        comm.partition(b"\0")[0].decode("utf-8", "backslashreplace"),
        int.from_bytes(pid, "little"),
        int.from_bytes(tgid, "little"),
    )


def _read_places(
    base: int, places: tuple[tuple[int, int], ...], read: ReadMemory
) -> list[bytes] | None:
    """The bytes at each offset and size from ``base``, in one read where they are close."""
    first = min(offset for offset, _ in places)
    span = max(offset + size for offset, size in places) - first
    if span <= MAX_SPAN:
        whole = read(base + first & MASK64, span)
        return whole and [whole[at - first : at - first + size] for at, size in places]
    parts = [read(base + offset & MASK64, size) for offset, size in places]
    return None if None in parts else parts
