# SPDX-License-Identifier: BSD-3-Clause
"""Finds out, while a Linux boots, how far it has moved itself; and moves GDB's symbols there.

A breakpoint at each of the places where the kernel's first function may be costs a boot a third of
a second: none of them is on a page that runs before. They go when one is hit, and come back when
the guest boots again.
"""

from typing import Callable

import gdb

from acrn_trace.guest.abi import MASK64
from acrn_trace.guest.memory import Unreadable
from acrn_trace.image.image import Image
from acrn_trace.image.kernel_offset import first_functions, gate_target, is_kernel, offset_at
from acrn_trace.in_gdb import events
from acrn_trace.in_gdb.guest_memory import GuestPhysicalMemory, read_memory
from acrn_trace.in_gdb.image import gdbs_own_offset, learn_offset
from acrn_trace.in_gdb.points import DeferredPoint
from acrn_trace.in_gdb.resume import Resumption
from acrn_trace.in_gdb.settings import OFFSET
from acrn_trace.in_gdb.vcpu import exception_gate

# Where -kernel and other boot loaders enter a compressed kernel, in its 32-bit or 64-bit code; RSI
# points at the boot parameters then (Documentation/x86/boot.rst of Linux).
BOOT_ENTRIES = (0x100000, 0x100200, 0x1000000, 0x1000200)
HEADER_MAGIC, HEADER_MAGIC_AT = b"HdrS", 0x202


class KernelLocator:
    """Watches a guest boot. ``located`` is called with the kernel's offset, the guest stopped
    before the kernel has asked who its hypervisor is."""

    def __init__(
        self,
        resumption: Resumption,
        image: Image,
        located: Callable[[int], None],
        booting: bool,
    ) -> None:
        """``booting``: no kernel runs yet."""
        self._resumption = resumption
        self._image = image
        self._located = located
        self._entries = [
            DeferredPoint(self._resumption, address, self._at_entry) for address in BOOT_ENTRIES
        ]
        self._candidates: list[DeferredPoint] = []
        if booting:
            self._watch()

    def delete(self) -> None:
        for point in self._entries + self._candidates:
            point.delete()
        self._entries, self._candidates = [], []

    def _watch(self) -> None:
        if not self._candidates:
            addresses = first_functions(self._image)
            self._candidates = [
                DeferredPoint(self._resumption, address, self._at_first) for address in addresses
            ]

    def _at_entry(self) -> Callable[[], None] | None:
        magic = _physical((_register("rsi") & 0xFFFF_FFFF) + HEADER_MAGIC_AT, len(HEADER_MAGIC))
        return self._watch if magic == HEADER_MAGIC and not self._candidates else None

    def _at_first(self) -> Callable[[], None] | None:
        offset = offset_at(self._image, _register("rip"), read_memory)
        return None if offset is None else lambda: self._found(offset)

    def _found(self, offset: int) -> None:
        for point in self._candidates:
            point.delete()
        self._candidates = []
        self._located(offset)


def locate_kernel(
    resumption: Resumption, image: Image, located: Callable[[int], None]
) -> KernelLocator | None:
    """Move GDB's symbols to where the guest's kernel runs if it does, and watch for its next boot.

    None where the image is no Linux, or the user has said himself what the offset is.
    """
    if gdb.parameter(OFFSET) != "auto" or not is_kernel(image):
        return None
    offset = _offset_of_running_kernel(image)
    if offset is not None:
        move_symbols(image, offset)
    return KernelLocator(resumption, image, located, booting=offset is None)


def _offset_of_running_kernel(image: Image) -> int | None:
    selected = gdb.selected_thread()
    try:
        for thread in gdb.selected_inferior().threads():
            thread.switch()
            for address in (_register("rip"), _divide_error_handler(thread.ptid[1] - 1)):
                offset = offset_at(image, address, read_memory)
                if offset is not None:
                    return offset
    finally:
        if selected:
            selected.switch()
    return None


def _divide_error_handler(vcpu: int) -> int:
    """The kernel's, for a vCPU that runs a program; 0 before there is one."""
    gate = exception_gate(vcpu, 0)
    return gate_target(gate) if gate else 0


def move_symbols(image: Image, offset: int) -> None:
    """Have GDB's symbols where the kernel runs."""
    if gdbs_own_offset(image) == offset:
        return
    confirm = gdb.parameter("confirm")
    try:
        gdb.execute("set confirm off", to_string=True)
        gdb.execute(f'symbol-file -o {offset:#x} -- "{image.path}"', to_string=True)
    finally:
        gdb.execute(f"set confirm {'on' if confirm else 'off'}", to_string=True)
    learn_offset()
    events.symbols_moved.tell()


def _register(name: str) -> int:
    return int(gdb.newest_frame().read_register(name)) & MASK64


def _physical(address: int, size: int) -> bytes | None:
    """Memory of a guest that has no paging yet. What is memory may still change until it boots."""
    try:
        return GuestPhysicalMemory().read(address, size)
    except Unreadable:
        return None
