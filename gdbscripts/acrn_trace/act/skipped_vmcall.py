# SPDX-License-Identifier: BSD-3-Clause
"""Lets a vCPU pass the VMCALL at which the user was shown it, its call being answered by us.

GDB goes on from there by stepping over the breakpoint at the site, this vCPU alone. RIP is not to
be changed any more then: GDB 13 crashes, or runs past breakpoints behind the site. So the
instruction does nothing for that step, and the vCPU arrives behind it as from any other call.
"""

from typing import Protocol

from acrn_trace.base.errors import TraceError
from acrn_trace.guest.memory import PhysicalMemory, Unreadable
from acrn_trace.guest.paging import translate


class WritableMemory(PhysicalMemory, Protocol):
    """Guest-physical memory that can be changed."""

    def write(self, address: int, data: bytes) -> None:
        """Unreadable where there is no memory."""


# One NOP of each length that a hypercall's instruction has. Intel SDM volume 2, NOP, table 4-12.
NOTHING = {2: b"\x66\x90", 3: b"\x0f\x1f\x00", 4: b"\x0f\x1f\x40\x00"}


class Passage:
    """The ``length`` bytes of the instruction at the virtual ``address``, as CR3 and CR4 map it."""

    def __init__(
        self, memory: WritableMemory, cr3: int, cr4: int, address: int, length: int
    ) -> None:
        self._memory = memory
        try:
            self._places = [translate(self._memory, cr3, cr4, address + n) for n in range(length)]
            self._code = b"".join(self._memory.read(place, 1) for place in self._places)
        except Unreadable as why:
            raise TraceError(f"the instruction at {address:#x} cannot be found: {why}") from None
        self._is_open = False

    def open(self) -> None:
        self._is_open = True
        self._write(NOTHING[len(self._code)])

    def close(self) -> None:
        """Put the instruction back; to be called at whatever stop comes next."""
        if self._is_open:
            self._is_open = False
            self._write(self._code)

    def _write(self, code: bytes) -> None:
        try:
            for place, byte in zip(self._places, code):
                self._memory.write(place, bytes([byte]))
        except Unreadable as why:
            raise TraceError(f"the instruction at a site cannot be written: {why}") from None
