# SPDX-License-Identifier: BSD-3-Clause
"""Judges whether a site is a call of another hypervisor.

The registers of each convention: docs of KVM (Documentation/virt/kvm/x86/hypercalls.rst), Xen
(hypercall-abi.rst, xen-x86_64.h), VMware (Linux's asm/vmware.h), Hyper-V (the TLFS).
"""

from dataclasses import dataclass
from typing import Callable, Iterator

from acrn_trace.guest.abi import VMWARE_MAGIC
from acrn_trace.lint.findings import Found, Place
from acrn_trace.lint.origins import KNOWN, loaded

KVM_NUMBERS = range(1, 13)  # asm-generic/kvm_para.h: VAPIC_POLL_IRQ to MAP_GPA_RANGE
XEN_NUMBERS = range(1, 64)
HYPERV_CODES = range(1, 0x400)


@dataclass(frozen=True)
class Convention:
    id: str
    name: str
    fits: Callable[[Place], str | None]  # what speaks for it


def convention_findings(place: Place) -> Iterator[Found]:
    """At most one: the site does as another hypervisor's convention says, not as ACRN's."""
    if any(place.abi.has_number(n) or place.table.numbered(n) for n in place.numbers):
        return
    for convention in CONVENTIONS:
        evidence = convention.fits(place)
        if evidence:
            yield Found(convention.id, f"a hypercall of {convention.name}: {evidence}")
            return


def _known(place: Place, register: str) -> list[int]:
    """The numbers that a register holds, when nothing else can be in it."""
    values = place.before(register)
    numbers = [v.number for v in values if v.kind == KNOWN and v.number is not None]
    return numbers if len(numbers) == len(values) else []


def _loaded(place: Place, register: str) -> bool:
    """Whether the function itself sets ``register`` for the call."""
    return loaded(place.before(register), register)


def _number_in_rax(place: Place, numbers: range) -> int | None:
    known = _known(place, "rax")
    return known[0] if known and all(number in numbers for number in known) else None


def _vmware(place: Place) -> str | None:
    magic = any(v.kind == KNOWN and v.number == VMWARE_MAGIC for v in place.before("rax"))
    return f"EAX is {VMWARE_MAGIC:#x}" if magic else None


def _kvm(place: Place) -> str | None:
    number = _number_in_rax(place, KVM_NUMBERS)
    if number is None or not _loaded(place, "rbx"):
        return None
    return f"RAX is {number}, the first argument in RBX"


def _xen(place: Place) -> str | None:
    number = _number_in_rax(place, XEN_NUMBERS)
    if number is None or (_loaded(place, "r8") and not _loaded(place, "r10")):
        return None
    return f"EAX is {number}" + (", arguments up to R10" if _loaded(place, "r10") else "")


def _hyperv(place: Place) -> str | None:
    for control in _known(place, "rcx"):
        reserved = control & 0xF000_F000_7800_0000
        if control & 0xFFFF not in HYPERV_CODES or reserved or _loaded(place, "rdi"):
            return None
        if _loaded(place, "rdx"):
            return f"RCX is {control:#x}, a control word, with RDX loaded"
    return None


CONVENTIONS = (
    Convention("vmware-call", "VMware", _vmware),
    Convention("kvm-call", "KVM", _kvm),
    Convention("xen-call", "Xen", _xen),
    Convention("hyperv-call", "Hyper-V", _hyperv),
)
