# SPDX-License-Identifier: BSD-3-Clause
"""Finds by its own debug information where a Linux kernel has its tasks, for ``linux_task``."""

from typing import Callable

import gdb

from acrn_trace.guest.abi import MASK64
from acrn_trace.guest.stop import Task
from acrn_trace.in_gdb.linux_task import KERNEL_HALF, MAX_COMM, TaskLayout, read_task

MAX_NESTING = 4

TaskReader = Callable[[gdb.Frame], "Task | None"]


def task_reader(moved: int, offset: int, read: Callable[[int, int], bytes | None]) -> TaskReader:
    """What reads the task of a stopped vCPU; where the image is no Linux with DWARF there is none.

    GDB has moved the image's symbols by ``moved``, the guest has them at ``offset``.
    """
    try:
        layout = _layout(moved, offset)
    except (gdb.error, KeyError, RuntimeError):
        return lambda frame: None

    def current_task(frame: gdb.Frame) -> Task | None:
        try:
            return read_task(layout, int(frame.read_register("gs_base")) & MASK64, read)
        except (gdb.error, ValueError):
            return None  # a stub that does not tell the GS base

    return current_task


def _layout(moved: int, offset: int) -> TaskLayout:
    """Raises what GDB does where a name is missing. Nothing of the guest's is evaluated."""
    task = gdb.lookup_type("struct task_struct")
    fields = {field.name: field for field in task.fields()}
    pid, tgid, comm = (fields[name].bitpos // 8 for name in ("pid", "tgid", "comm"))
    current = _address_of_current(moved, offset)
    return TaskLayout(current, pid, tgid, comm, min(fields["comm"].type.sizeof, MAX_COMM))


def _address_of_current(moved: int, offset: int) -> int:
    """Of the pointer to the running task: Linux 6.2 to 6.14 have it in ``pcpu_hot``."""
    symbol, inside = gdb.lookup_global_symbol("current_task"), 0
    if symbol is None:
        symbol = gdb.lookup_global_symbol("pcpu_hot")
        inside = _place(symbol.type, "current_task", MAX_NESTING) if symbol else None
    if symbol is None or inside is None:
        raise KeyError("current_task")
    linked = int(symbol.value().address) - moved & MASK64
    # Per-CPU variables were counted from 0 up to Linux 6.14: those do not move with the kernel.
    return (linked + offset if linked >= KERNEL_HALF else linked) + inside & MASK64


def _place(kind: gdb.Type, name: str, depth: int) -> int | None:
    """Where a structure has a member, in bytes, looking into what has no name."""
    if depth == 0 or kind.code not in (gdb.TYPE_CODE_STRUCT, gdb.TYPE_CODE_UNION):
        return None
    for field in kind.fields():
        inner = 0 if field.name == name else None
        if not field.name:
            inner = _place(field.type.strip_typedefs(), name, depth - 1)
        if inner is not None:
            return field.bitpos // 8 + inner
    return None
