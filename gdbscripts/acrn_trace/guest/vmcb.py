# SPDX-License-Identifier: BSD-3-Clause
"""Finds in a machine's memory the VMCBs of guests that have nested paging.

The virtual machine control block is one page by which a hypervisor on AMD's SVM runs a vCPU. Its
layout: AMD64 APM volume 2, appendix B. A page is taken for one if it says what VMRUN demands of it.
"""

from typing import Iterator, NamedTuple, Protocol

from acrn_trace.guest.memory import Unreadable
from acrn_trace.guest.paging import PAGE

MAX_VMCBS = 4096

_SIZE = 0x560
_INTERCEPTS, _ASID, _NESTED, _NCR3, _EFER = 0x10, 0x58, 0x90, 0xB0, 0x4D0
_CR4, _CR3, _CR0 = 0x548, 0x550, 0x558
_VMRUN = 1 << 0  # VMRUN refuses to run a guest without this intercept: 15.5.1
_NESTED_PAGING = 1 << 0
SVME = 1 << 12  # and without this bit of EFER, the guest's


class Vmcb(NamedTuple):
    """One page's. ``cr3`` is the guest's at its latest exit, and may be of another process now."""

    address: int
    ncr3: int
    cr3: int
    cr0: int
    cr4: int


class ScannedMemory(Protocol):
    """A machine's memory that can be searched page by page."""

    def read(self, address: int, size: int) -> bytes:
        """``size`` bytes, or Unreadable."""

    def pages_with(self, offset: int, bits: int) -> Iterator[int]:
        """The addresses of the pages whose byte at ``offset`` has ``bits``, in ascending order."""


def find_vmcbs(memory: ScannedMemory) -> Iterator[Vmcb]:
    """Those in ``memory``, at most MAX_VMCBS."""
    found = 0
    for page in memory.pages_with(_EFER + 1, SVME >> 8):
        vmcb = _vmcb_at(memory, page)
        if vmcb is None:
            continue
        yield vmcb
        found += 1
        if found >= MAX_VMCBS:
            return


def _vmcb_at(memory: ScannedMemory, page: int) -> Vmcb | None:
    try:
        data = memory.read(page, _SIZE)
        ncr3 = _number(data, _NCR3)
        if not (
            _number(data, _INTERCEPTS) & _VMRUN
            and _number(data, _ASID, 4)
            and _number(data, _NESTED) & _NESTED_PAGING
            and ncr3
            and ncr3 % PAGE == 0
        ):
            return None
        memory.read(ncr3, PAGE)  # it is in RAM
    except Unreadable:
        return None
    return Vmcb(page, ncr3, _number(data, _CR3), _number(data, _CR0), _number(data, _CR4))


def _number(data: bytes, offset: int, size: int = 8) -> int:
    return int.from_bytes(data[offset : offset + size], "little")
