# SPDX-License-Identifier: BSD-3-Clause
"""Refuses a call by hand at a stop where none may be made: what is wrong, in a sentence each."""

import re
from dataclasses import dataclass
from typing import Iterable

from acrn_trace.guest.paging import CR0_PG

CPL = 3  # in CS
EFER_LMA = 1 << 10

_CPU = re.compile(r"^CPU#(\d+)(.*?)(?=^CPU#|\Z)", re.MULTILINE | re.DOTALL)
_FLAGS = re.compile(r"\bII=(\d).*?\bSMM=(\d) HLT=(\d)")


@dataclass(frozen=True)
class Vcpu:
    """What a stopped vCPU is up to. ``has_image``: its address space has the guest's code."""

    number: int
    rip: int
    cs: int
    cr0: int
    cr3: int
    efer: int
    has_image: bool
    halted: bool = False
    shadowed: bool = False
    in_smm: bool = False

    @property
    def ring(self) -> int:
        return self.cs & CPL

    @property
    def busy_elsewhere(self) -> bool:
        """Whether it runs what is not the guest, most likely the hypervisor, and may hold locks."""
        return not (self.has_image or self.halted or self.ring or not self.cr0 & CR0_PG)


@dataclass(frozen=True)
class Flags:
    """What QEMU's monitor knows beyond the registers."""

    shadowed: bool = False  # interrupts wait for one more instruction, after STI or MOV SS
    in_smm: bool = False
    halted: bool = False


def vcpu_flags(registers: str) -> dict[int, Flags]:
    """By vCPU, from QEMU's ``info registers -a``; empty where that says nothing."""
    flags = {}
    for number, text in _CPU.findall(registers):
        found = _FLAGS.search(text)
        if found:
            flags[int(number)] = Flags(*(digit != "0" for digit in found.groups()))
    return flags


def refusal(vcpu: Vcpu) -> str | None:
    """Why no call can be made from ``vcpu``; None if one can."""
    name = f"vCPU {vcpu.number}"
    rules = (
        (vcpu.in_smm, f"{name} is in system management mode", "stop it elsewhere"),
        (
            not vcpu.cr0 & CR0_PG or not vcpu.efer & EFER_LMA,
            f"{name} is not in long mode with paging on",
            "let the guest boot first",
        ),
        (
            bool(vcpu.ring),
            f"{name} is in ring {vcpu.ring}, and hypercalls are made in ring 0",
            "stop it in the kernel, at one of its functions",
        ),
        (
            not vcpu.has_image,
            f"{name} is not in the guest: at {vcpu.rip:#x} with CR3 {vcpu.cr3:#x} the guest's code "
            "is not there, so that is the hypervisor or another address space",
            "stop it in the guest's kernel",
        ),
        (
            vcpu.halted,
            f"{name} is halted and will run nothing before its next interrupt",
            "choose another with 'thread', or stop it at a breakpoint",
        ),
        (
            vcpu.shadowed,
            f"{name} is right behind STI or MOV SS: a call would let an interrupt in too soon",
            "'stepi' first",
        ),
    )
    return next((f"{what}; {advice}" for wrong, what, advice in rules if wrong), None)


def others_refusal(others: Iterable[Vcpu]) -> str | None:
    """Why holding the other vCPUs could hang the call; None if it cannot be seen to."""
    busy = [str(vcpu.number) for vcpu in others if vcpu.busy_elsewhere]
    if not busy:
        return None
    return (
        f"vCPU {', '.join(busy)} is in the hypervisor and may hold a lock that the call would wait "
        "for; stop where it is not ('continue' and try again), or -f makes the call all the same"
    )
