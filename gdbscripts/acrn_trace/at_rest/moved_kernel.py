# SPDX-License-Identifier: BSD-3-Clause
"""Finds where a Linux at rest has moved itself (KASLR): by its vCPUs' code, or by its VMCOREINFO.

VMCOREINFO is a note of a kernel's own /proc/vmcore, and of QEMU's dumps with its vmcoreinfo device:
lines NAME=VALUE (Linux's Documentation/admin-guide/kdump/vmcoreinfo.rst).
"""

import re
from typing import Callable, Iterable, Iterator, Mapping

from acrn_trace.at_rest.address_spaces import Space
from acrn_trace.at_rest.corenotes import Note
from acrn_trace.guest.abi import MASK64
from acrn_trace.guest.memory import Unreadable
from acrn_trace.guest.paging import CR4_LA57, Memory, VirtualMemory
from acrn_trace.guest.snapshot import Snapshot
from acrn_trace.image.image import Image
from acrn_trace.image.kernel_offset import Read, gate_target, is_kernel, offset_at

NOTE = b"VMCOREINFO"
_LINE = re.compile(
    rb"^(?:SYMBOL|NUMBER)?\(?(swapper_pg_dir|phys_base|pgtable_l5_enabled|KERNELOFFSET)\)?="
    rb"(-?(?:0x)?[0-9a-fA-F]{1,20})$",
    re.MULTILINE,
)
_MAX_BYTES = 1 << 16
_DECIMAL = ("phys_base", "pgtable_l5_enabled")
_KERNEL_MAP = 0xFFFF_FFFF_8000_0000  # __START_KERNEL_map: asm/page_64_types.h
_GATE = 16


def read_vmcoreinfo(notes: Iterable[Note]) -> dict[str, int]:
    """What the first note of that name says about where the kernel is; empty if there is none."""
    text = next((note.data[:_MAX_BYTES] for note in notes if note.name == NOTE), b"")
    values = {}
    for name, value in _LINE.findall(text):
        try:
            values[name.decode()] = int(value, 10 if name.decode() in _DECIMAL else 16) & MASK64
        except ValueError:
            continue
    return values


def kernel_space(snapshot: Snapshot) -> Iterator[Space]:
    """The kernel's own page tables, where VMCOREINFO says where they are."""
    said: Mapping[str, int] = snapshot.vmcoreinfo
    if "swapper_pg_dir" in said:
        cr3 = said["swapper_pg_dir"] - _KERNEL_MAP + said.get("phys_base", 0) & MASK64
        cr4 = CR4_LA57 if said.get("pgtable_l5_enabled") else 0
        memory = VirtualMemory(snapshot.physical, cr3, cr4)
        yield Space(memory, "the page tables that its VMCOREINFO names")


def kernel_offset(image: Image, snapshot: Snapshot, spaces: Iterable[Space]) -> int | None:
    """How far the guest's kernel is from where it was linked; None if that cannot be found out."""
    if not is_kernel(image):
        return None
    for space in spaces:
        read = _reader(space.memory)
        for address in _in_kernel(snapshot, space, read):
            offset = offset_at(image, address, read)
            if offset is not None:
                return offset
    return snapshot.vmcoreinfo.get("KERNELOFFSET")


def _in_kernel(snapshot: Snapshot, space: Space, read: Read) -> Iterator[int]:
    """Addresses in the kernel: where vCPUs are, and the handlers of those that ran a program."""
    for vcpu in snapshot.vcpus:
        if space.vcpu in (None, vcpu.vcpu):
            yield vcpu.registers.get("rip", 0)
            gate = read(vcpu.registers.get("idt_base", 0), _GATE)
            if gate:
                yield gate_target(gate)


def _reader(memory: Memory) -> Callable[[int, int], bytes | None]:
    def read(address: int, size: int) -> bytes | None:
        try:
            return memory.read(address, size)
        except Unreadable:
            return None

    return read
