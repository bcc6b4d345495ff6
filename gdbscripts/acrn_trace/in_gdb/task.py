# SPDX-License-Identifier: BSD-3-Clause
"""Finds where a Linux kernel has its tasks, for ``linux_task``, in its image."""

from typing import Callable

import gdb

from acrn_trace.guest.abi import MASK64
from acrn_trace.guest.stop import Task
from acrn_trace.image.image import Image
from acrn_trace.in_gdb.linux_task import KERNEL_HALF, MAX_COMM, TaskLayout, read_task
from acrn_trace.in_gdb.linux_types import LinuxTypes

TaskReader = Callable[[gdb.Frame], "Task | None"]


def task_reader(image: Image, offset: int, read: Callable[[int, int], bytes | None]) -> TaskReader:
    """What reads the task of a stopped vCPU; where ``image``, which the guest has ``offset`` from
    its link address, is no Linux or does not say what it has where, there is none."""
    try:
        layout = _layout(image, offset)
    except KeyError:
        return lambda frame: None

    def current_task(frame: gdb.Frame) -> Task | None:
        try:
            return read_task(layout, int(frame.read_register("gs_base")) & MASK64, read)
        except (gdb.error, ValueError):
            return None  # a stub that does not tell the GS base

    return current_task


def _layout(image: Image, offset: int) -> TaskLayout:
    """KeyError where a name is missing."""
    types = LinuxTypes(image)
    current = _address_of_current(image, types, offset)
    pid, tgid, comm = (types.member("task_struct", name) for name in ("pid", "tgid", "comm"))
    size = min(comm.size, MAX_COMM)
    return TaskLayout(current, pid.offset, tgid.offset, comm.offset, size)


def _address_of_current(image: Image, types: LinuxTypes, offset: int) -> int:
    """Of the pointer to the running task: Linux 6.2 to 6.14 have it in ``pcpu_hot``."""
    linked, inside = image.value_of("current_task"), 0
    if linked is None:
        linked = image.value_of("pcpu_hot")
        if linked is None:
            raise KeyError("current_task")
        inside = types.member("pcpu_hot", "current_task").offset
    # Per-CPU variables were counted from 0 up to Linux 6.14: those do not move with the kernel.
    return (linked + offset if linked >= KERNEL_HALF else linked) + inside & MASK64
