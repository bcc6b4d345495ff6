# SPDX-License-Identifier: BSD-3-Clause
"""Reads and writes the guest's memory, virtual and guest-physical, of the selected vCPU.

The one place where it is decided whether that is the machine's memory or, of a nested guest, what a
nested page table makes of it (``guest.nesting``). What GDB itself reads, for a command of the
user's, is the machine's in any case: QEMU's stub knows nothing of nested paging.
"""

import contextlib
from functools import cached_property
from typing import Collection, Iterator

import gdb

from acrn_trace.base.errors import TraceError
from acrn_trace.guest.abi import MASK64
from acrn_trace.guest.memory import Unreadable
from acrn_trace.guest.nested import NestedTable
from acrn_trace.guest.nesting import Nesting
from acrn_trace.guest.site import Site
from acrn_trace.in_gdb import events
from acrn_trace.in_gdb.image import current_image, is_dump, load_offset
from acrn_trace.in_gdb.machine_memory import MachineMemory
from acrn_trace.in_gdb.registers import read_register
from acrn_trace.in_gdb.stub import StubPhysicalMemory

REGISTERS = ("cr0", "cr3", "cr4", "efer", "rip")
CODE_COMPARED = 16  # bytes where a vCPU stands

_nesting = Nesting(MachineMemory())
_standing: list[int] = []  # a vCPU that GDB is about to let go


class SelectedVcpu:
    """The selected thread, for ``Nesting``: its registers are read when they are asked for."""

    def __init__(self) -> None:
        self.number = gdb.selected_thread().ptid[1] - 1

    @cached_property
    def registers(self) -> dict[str, int]:
        return {name: read_register(name) for name in REGISTERS}

    def read(self, address: int, size: int) -> bytes | None:
        return read_machine_memory(address, size)

    def code_at(self, address: int) -> bytes | None:
        try:
            image = current_image()
            return image.read(address - load_offset(image) & MASK64, CODE_COMPARED)
        except TraceError:
            return None


class GuestPhysicalMemory(StubPhysicalMemory):
    """Guest-physical memory as the selected vCPU has it."""

    def read(self, address: int, size: int) -> bytes:
        table = nested_table()
        return _nesting.memory(table).read(address, size) if table else super().read(address, size)

    def write(self, address: int, data: bytes) -> None:
        """Unreadable where there is no memory, and then nothing is written."""
        table = nested_table()
        if table:
            _nesting.memory(table).write(address, data)
        else:
            super().write(address, data)


class LinearMemory:
    """Virtual memory as the selected vCPU has it, for arguments that have such addresses."""

    def read(self, address: int, size: int) -> bytes:
        data = read_memory(address, size) if size else b""
        if data is None:
            raise Unreadable("not mapped by the vCPU's page tables")
        return data

    def write(self, address: int, data: bytes) -> None:
        raise Unreadable("virtual memory is not written")


def nesting() -> Nesting:
    """What is known of nested guests of this connection."""
    return _nesting


def begin_connection(ram_file: str | None = None) -> None:
    """Nothing is known of the guest; ``ram_file`` is its RAM if the launcher shares it."""
    global _nesting
    _nesting = Nesting(MachineMemory(ram_file))


def nested_table() -> NestedTable | None:
    """What the selected vCPU's guest-physical memory is read through; None: it is the machine's.

    Unreadable where nobody can tell.
    """
    if not _nesting.is_active:
        return None
    return (
        _nesting.latest_table_of(_standing[0]) if _standing else _nesting.table_of(SelectedVcpu())
    )


def runs_nested() -> bool:
    """Whether the selected vCPU's memory is not, or not certainly, the machine's."""
    try:
        return nested_table() is not None
    except Unreadable:
        return True


@contextlib.contextmanager
def without_registers(vcpu: int) -> Iterator[None]:
    """Meanwhile no register is read through GDB, which is about to let the vCPU go."""
    _standing.append(vcpu)
    try:
        yield
    finally:
        _standing.pop()


def read_memory(address: int, size: int) -> bytes | None:
    """Guest memory at a virtual address of the selected vCPU; None if it cannot be read."""
    try:
        table = nested_table()
        if table:
            return _nesting.virtual(SelectedVcpu(), table).read(address, size)
    except Unreadable:
        return None
    return read_machine_memory(address, size)


def read_block(address: int, size: int) -> bytes:
    """The same, of many bytes; Unreadable says why they cannot be read."""
    table = nested_table()
    if table:
        return _nesting.virtual(SelectedVcpu(), table).read(address, size)
    try:
        return gdb.selected_inferior().read_memory(address, size).tobytes()
    except gdb.error as error:
        raise Unreadable(str(error).rstrip(".")) from None


def read_machine_memory(address: int, size: int) -> bytes | None:
    """The same of a vCPU that is known to run no nested guest, as in the hypervisor.

    Through a value, since GDB 14 and newer read an inferior's memory by any of its threads."""
    byte = gdb.selected_inferior().architecture().integer_type(8, False)
    data = gdb.Value(address).cast(byte.array(size - 1).pointer()).dereference()
    try:
        data.fetch_lazy()
        return bytes(int(data[index]) for index in range(size))
    except gdb.error:
        return None


def has_code(address: int, codes: Collection[bytes]) -> bool:
    """Whether the selected vCPU has one of ``codes``, all of a length, at a virtual address.

    Where it has it as a nested guest, its memory is read so from then on.
    """
    return _nesting.shows(SelectedVcpu(), address, codes)


def has_hypercall(site: Site) -> bool:
    """Whether the address space in force has the hypercall instruction at ``site`` now.

    Breakpoints match virtual addresses, whoever runs there: the hypervisor, or a process without
    the image. And code may be patched: what was seen there at one stop says nothing of the next.
    """
    return has_code(site.address, site.abi.codes)


def look() -> bool:
    """Find out whose memory the selected vCPU has, where it stands in the image's code.

    Whether that could be told. A command asks, since no site has told yet, perhaps.
    """
    thread = gdb.selected_thread()
    if thread is None or thread.is_running() or is_dump():
        return False
    vcpu = SelectedVcpu()
    code = vcpu.code_at(vcpu.registers["rip"])
    return code is not None and has_code(vcpu.registers["rip"], (code,))


def confirm_nested(site: Site) -> None:
    """A call may come back: where the guest is nested, make sure of what its memory is."""
    if _nesting.is_active:
        has_hypercall(site)


def _guest_gone(_event: object) -> None:
    begin_connection()


events.exited.connect(_guest_gone)
events.connection_removed.connect(_guest_gone)
