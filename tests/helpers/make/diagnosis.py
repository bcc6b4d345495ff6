# SPDX-License-Identifier: BSD-3-Clause
"""Guests at rest made by hand: RAM with rings, page tables, stacks and code, and vCPUs in it.

examples/crash has real ones.
"""

import struct
from dataclasses import dataclass, field
from typing import Iterator

from acrn_trace.at_rest.postmortem import Postmortem, examine
from acrn_trace.diagnosis.case import Case, Diagnosis
from acrn_trace.diagnosis.diagnose import diagnose
from acrn_trace.guest.memory import Unreadable
from acrn_trace.guest.snapshot import DUMP, SnapshotVcpu
from acrn_trace.tables.knowledge import Knowledge, acrn
from helpers.make.ring import PAGE, TABLES_AT, VIRTUAL, RingMachine

CODE, STACKS = VIRTUAL + 0x200000, VIRTUAL + 0x300000  # virtual
CODE_AT, STACKS_AT, OTHER_TABLES_AT = 0x200000, 0x210000, 0x3E0000  # physical
STACK_PAGES = 8
KERNEL, USER = (0x08, 0x10), (0x33, 0x3B)  # CS and SS
FLAGS = 0x202
VMCALL, HLT, PAUSE = b"\x0f\x01\xc1", b"\xf4", b"\xf3\x90"
START_VM, CREATE_VM, SET_IOREQ_BUFFER = 0x80000012, 0x80000010, 0x80000030

TOP = STACKS + 2 * PAGE  # of a stack
STRUCTURE = 0x220000  # physical
CAPTURE = 64  # bytes
CAPTURING = {
    "size": 64 + 8 + 2 * CAPTURE + 56,
    "more": {"capture_offset": 64, "capture_bytes": CAPTURE},
}

KNOWLEDGE: Knowledge = acrn()


class Ram:
    def __init__(self, data: bytearray) -> None:
        self.data = data

    def read(self, address: int, size: int) -> bytes:
        if not 0 <= address <= address + size <= len(self.data):
            raise Unreadable("no memory there")
        return bytes(self.data[address : address + size])

    def find(self, pattern: bytes, alignment: int) -> Iterator[int]:
        at = self.data.find(pattern)
        while at >= 0:
            if at % alignment == 0:
                yield at
            at = self.data.find(pattern, at + 1)

    def pages_with(self, offset: int, bits: int) -> Iterator[int]:
        for page in range(0, len(self.data), 4096):
            if self.data[page + offset] & bits == bits:
                yield page


@dataclass
class Snapshot:
    physical: Ram
    vcpus: list[SnapshotVcpu]
    kind: str = DUMP
    notes: list[str] = field(default_factory=list)
    vmcoreinfo: dict[str, int] = field(default_factory=dict)


class Guest:
    """``machine`` has the rings; add calls to it, code, stacks, and the vCPUs."""

    def __init__(self, **machine) -> None:
        self.machine = RingMachine(**machine)
        self.vcpus: list[SnapshotVcpu] = []
        self.machine._map(CODE, CODE_AT)
        for page in range(STACK_PAGES):
            self.machine._map(STACKS + page * PAGE, STACKS_AT + page * PAGE)

    def code(self, offset: int, data: bytes) -> int:
        """Put code at an offset; its virtual address."""
        self.machine.ram[CODE_AT + offset : CODE_AT + offset + len(data)] = data
        return CODE + offset

    def push(self, rsp: int, *words: int) -> int:
        """Put words on a stack, the last at the top; RSP as it is then."""
        for word in words:
            rsp -= 8
            struct.pack_into("<Q", self.machine.ram, rsp - STACKS + STACKS_AT, word & (1 << 64) - 1)
        return rsp

    def exception(self, rip: int, rsp: int, selectors=KERNEL, flags: int = FLAGS, on=None) -> int:
        """What the processor pushes, on the stack ``on`` (an IST's) or where it was; RSP then."""
        return self.push(on or rsp & ~15, selectors[1], rsp, flags, selectors[0], rip)

    def vcpu(self, rip: int, rsp: int, inside: bool = False, **registers) -> None:
        """One more vCPU; ``inside`` the hypervisor."""
        cr3 = OTHER_TABLES_AT if inside else TABLES_AT
        given = {"rip": rip, "rsp": rsp, "cr3": cr3, "cr0": 0x80000011, "cr4": 0x20, "cs": 8}
        given |= {"eflags": 2, **registers}
        self.vcpus.append(SnapshotVcpu(len(self.vcpus), given))

    def halted(self, rsp: int = STACKS + PAGE, **registers) -> None:
        """A vCPU that has given up."""
        self.vcpu(self.code(0xF00, HLT) + 1, rsp, **registers)

    def found(self) -> Postmortem:
        return examine(Snapshot(Ram(self.machine.ram), self.vcpus), None)

    def diagnosis(self) -> Diagnosis:
        return diagnose(Case(self.found(), KNOWLEDGE))

    def kinds(self) -> list[str]:
        return [verdict.kind for verdict in self.diagnosis().verdicts]


def captured(data: bytes) -> bytes:
    """A structure in a record of a ring."""
    return struct.pack("<HHI", len(data), 0, 0) + data


def creation(name: bytes, vmid: int = 0, cpus: int = 2) -> bytes:
    """struct acrn_vm_creation."""
    return struct.pack("<HHHH16sQQQ", vmid, 0, 0, 0, name, 0, 0, cpus)
