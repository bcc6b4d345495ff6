# SPDX-License-Identifier: BSD-3-Clause
"""Judges by which hypervisor's convention a site makes its call.

The registers of those that have a row are abi.def's. Of the others: docs of Xen
(hypercall-abi.rst, xen-x86_64.h), VMware (Linux's asm/vmware.h), Hyper-V (the TLFS).
"""

from dataclasses import dataclass
from typing import Callable, Iterator

from acrn_trace.guest.abi import VMWARE_MAGIC, Abi, abis, main_abi
from acrn_trace.lint.findings import Found, Place
from acrn_trace.lint.origins import KNOWN, RESULT, loaded

XEN_NUMBERS = range(1, 64)
HYPERV_CODES = range(1, 0x400)


@dataclass(frozen=True)
class Convention:
    """How a hypervisor that is not the main one is called; ``abi`` if it has a row."""

    id: str
    name: str
    fits: Callable[[Place], str | None]  # what speaks for it
    abi: Abi | None = None


def convention_findings(place: Place) -> Iterator[Found]:
    """At most one: the site does as another hypervisor's convention says, not as the main one."""
    convention, evidence = convention_of(place)
    if convention:
        yield Found(convention.id, f"a hypercall of {convention.name}: {evidence}")


def convention_of(place: Place) -> tuple[Convention | None, str]:
    """The convention by which the call is made, if that is not the main one, and what says so."""
    if is_main(place):
        return None, ""
    for convention in conventions():
        evidence = convention.fits(place)
        if evidence:
            return convention, evidence
    return None, ""


def is_main(place: Place) -> bool:
    """Whether the code loads a number of the main ABI's for the call."""
    abi = main_abi()
    values = place.before(abi.number)
    numbers = [v.number for v in values if v.kind == KNOWN and v.number is not None]
    return any(abi.has_number(n) or place.table.numbered(n) for n in numbers)


def is_probably(place: Place, abi: Abi) -> bool:
    """Whether the code loads registers as the row says, with a number that it does not tell: where
    it comes from a caller, or is in no table."""
    given = any(value.kind != RESULT for value in place.before(abi.number))
    is_main = place.sets(main_abi().number)
    return not is_main and given and place.sets(abi.number) and _has_first(place, abi)


def _has_first(place: Place, abi: Abi) -> bool:
    """Whether the first argument is loaded as the row says, and not as others do."""
    first, others = abi.arguments[0], main_abi().arguments[0]
    return place.sets(first) or _loaded(place, first) and not place.sets(others)


def _known(place: Place, register: str) -> list[int]:
    """The numbers that a register holds, when nothing else can be in it."""
    values = place.before(register)
    numbers = [v.number for v in values if v.kind == KNOWN and v.number is not None]
    return numbers if len(numbers) == len(values) else []


def _loaded(place: Place, register: str) -> bool:
    """Whether the function itself sets ``register`` for the call."""
    return loaded(place.before(register), register)


def _by_row(abi: Abi) -> Callable[[Place], str | None]:
    def fits(place: Place) -> str | None:
        """All numbers that it may have are in the table, and what such a call needs is loaded."""
        numbers = _known(place, abi.number)
        entries = [place.table.numbered(number, abi.name) for number in numbers]
        if not entries or None in entries:
            return None
        number, first = f"{abi.number.upper()} is {numbers[0]}", abi.arguments[0]
        if _has_first(place, abi):
            return f"{number}, the first argument in {first.upper()}"
        has_none = not any(entry.arguments for entry in entries)
        return number if has_none and not place.sets(main_abi().arguments[0]) else None

    return fits


def _vmware(place: Place) -> str | None:
    magic = any(v.kind == KNOWN and v.number == VMWARE_MAGIC for v in place.before("rax"))
    return f"EAX is {VMWARE_MAGIC:#x}" if magic else None


def _xen(place: Place) -> str | None:
    known = _known(place, "rax")
    if not known or not all(number in XEN_NUMBERS for number in known):
        return None
    if _loaded(place, "r8") and not _loaded(place, "r10"):
        return None
    return f"EAX is {known[0]}" + (", arguments up to R10" if _loaded(place, "r10") else "")


def _hyperv(place: Place) -> str | None:
    for control in _known(place, "rcx"):
        reserved = control & 0xF000_F000_7800_0000
        if control & 0xFFFF not in HYPERV_CODES or reserved or _loaded(place, "rdi"):
            return None
        if _loaded(place, "rdx"):
            return f"RCX is {control:#x}, a control word, with RDX loaded"
    return None


def conventions() -> Iterator[Convention]:
    """All but the main one, in the order in which they are asked."""
    yield Convention("vmware-call", "VMware", _vmware)
    for abi in abis().values():
        if abi is not main_abi():
            yield Convention(f"{abi.name}-call", abi.name.upper(), _by_row(abi), abi)
    yield Convention("xen-call", "Xen", _xen)
    yield Convention("hyperv-call", "Hyper-V", _hyperv)
