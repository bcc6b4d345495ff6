# SPDX-License-Identifier: BSD-3-Clause
"""States which register is what in a hypercall, and which may change across it."""

from dataclasses import dataclass
from typing import Mapping

MASK64 = (1 << 64) - 1

# In GDB's order.
GENERAL_REGISTERS = (
    *("rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp", "rsp"),
    *("r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15"),
)

# In the order of the instruction encoding; the bits of masks (enum hypercall_register).
ENCODED_REGISTERS = (
    *("rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi"),
    *("r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "rflags"),
)

# RFLAGS.RF belongs to the debugger: it is set to step over a breakpoint and cleared by the step.
# (Intel SDM volume 3, 17.3.1.1.)
RFLAGS_COMPARED = MASK64 & ~(1 << 16)
RFLAGS_IF = 1 << 9  # interrupts are on


@dataclass(frozen=True)
class Abi:
    """One hypervisor's calling convention.

    ``instructions`` are the encodings that make the call; a hypervisor may rewrite one into the
    other (KVM does), so either is the same site. All of them are ``length`` bytes long.
    """

    name: str
    number: str
    arguments: tuple[str, str]
    result: str
    instructions: tuple[bytes, ...]
    may_change: frozenset[str]
    length: int = 3


VMCALL = b"\x0f\x01\xc1"
VMMCALL = b"\x0f\x01\xd9"

# ACRN: doc/developer-guides/hld/hv-hypercall.rst: the number in R8, arguments in RDI and RSI, the
# result in RAX, every other general register left alone.
ACRN = Abi("acrn", "r8", ("rdi", "rsi"), "rax", (VMCALL, VMMCALL), frozenset({"rax"}))

ACRN_NUMBERS = range(0x8000_0000, 0x8000_0100)  # acrn_hv_defs.h: HC_ID and an index
VMWARE_MAGIC = 0x564D5868  # Linux's asm/vmware.h: in EAX


def other_hypervisor(registers: Mapping[str, int], loads_number: bool) -> str | None:
    """Whose hypercall the registers make, where that is not ACRN's.

    VMware's has a magic number in EAX. R8 may still have what an ACRN call left there: what counts
    is whether the code at the site loads a number for the call.
    """
    is_vmware = registers["rax"] & 0xFFFF_FFFF == VMWARE_MAGIC
    is_acrn = loads_number and registers[ACRN.number] in ACRN_NUMBERS
    return "VMware" if is_vmware and not is_acrn else None
