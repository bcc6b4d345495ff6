# SPDX-License-Identifier: BSD-3-Clause
"""The running task of a Linux guest, read as the kernel has it, whatever the guest has there."""

import pytest

from acrn_trace.guest.stop import Task
from acrn_trace.in_gdb.linux_task import TaskLayout, read_task

GS = 0xFFFF_8880_0740_0000
TASK = 0xFFFF_8880_0036_0000
CLOSE = TaskLayout(current=0x1AC00, pid=0x3B0, tgid=0x3B4, comm=0x598, comm_size=16)
APART = TaskLayout(current=0x1AC00, pid=0x10, tgid=0x1000, comm=0x2000, comm_size=16)


class Memory:
    def __init__(self, layout: TaskLayout, comm: bytes) -> None:
        self.reads = 0
        self.at = {GS + layout.current: TASK.to_bytes(8, "little")}
        self.at |= {TASK + layout.pid: b"\x20\0\0\0", TASK + layout.tgid: b"\x1f\0\0\0"}
        self.at[TASK + layout.comm] = comm

    def read(self, address: int, size: int) -> bytes | None:
        self.reads += 1
        bytes_at = {a + i: bytes([b]) for a, data in self.at.items() for i, b in enumerate(data)}
        if not any(address <= at < address + size for at in bytes_at):
            return None
        return b"".join(bytes_at.get(at, b"\xee") for at in range(address, address + size))


@pytest.mark.parametrize(("layout", "reads"), [(CLOSE, 2), (APART, 4)])
def test_a_task_is_its_name_and_its_ids(layout, reads):
    memory = Memory(layout, b"busy1" + bytes(11))
    assert read_task(layout, GS, memory.read) == Task("busy1", 0x20, 0x1F)
    assert memory.reads == reads


def test_a_name_without_an_end_and_one_that_is_no_text():
    assert read_task(CLOSE, GS, Memory(CLOSE, b"0123456789abcdef").read).comm == "0123456789abcdef"
    assert read_task(CLOSE, GS, Memory(CLOSE, b"\xff\x1b" + bytes(14)).read).comm == "\\xff\x1b"


def test_a_gs_base_of_a_program_is_not_followed():
    memory = Memory(CLOSE, b"x" + bytes(15))
    assert read_task(CLOSE, 0x7F00_0000_1000, memory.read) is None and memory.reads == 0


@pytest.mark.parametrize("gone", [GS + CLOSE.current, TASK + CLOSE.comm])
def test_what_cannot_be_read_is_no_task(gone):
    memory = Memory(CLOSE, b"x" + bytes(15))
    memory.at = {a: data for a, data in memory.at.items() if a < gone - 0x1000 or a > gone}
    assert read_task(CLOSE, GS, memory.read) is None


def test_a_pointer_that_is_none_of_the_kernels_is_not_followed():
    memory = Memory(CLOSE, b"x" + bytes(15))
    memory.at[GS + CLOSE.current] = (0x1000).to_bytes(8, "little")
    assert read_task(CLOSE, GS, memory.read) is None and memory.reads == 1


def test_with_five_levels_of_page_tables_kernel_memory_begins_lower():
    lower = 0xFFFF_8880_0000_0000 - 0xFF11_0000_0000_0000
    memory = Memory(CLOSE, b"init" + bytes(12))
    memory.at = {address - lower: data for address, data in memory.at.items()}
    memory.at[GS + CLOSE.current - lower] = (TASK - lower).to_bytes(8, "little")
    assert read_task(CLOSE, GS - lower, memory.read) == Task("init", 0x20, 0x1F)
