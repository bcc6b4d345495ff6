# SPDX-License-Identifier: BSD-3-Clause
"""Reads hypercall pages: the MSR write that has one filled, and where its code makes calls.

A hypervisor fills the page with code of its own, so the guest's image has no site of these calls.
Sources: Xen: hypercall-abi.rst and public/arch-x86/cpuid.h (the MSR's number is in EBX of a leaf:
the second if Xen shows Hyper-V's leaves as well; each page stays as it was filled). Hyper-V: TLFS,
3.13 (the page is where the MSR says, and gone where its bit 0 is not set). Linux's symbols:
arch/x86/xen/xen-head.S up to 6.12, and arch/x86/hyperv/hv_init.c.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Iterator

from acrn_trace.guest.abi import abi_named, abis, hypercall_at, hypercalls
from acrn_trace.guest.paging import PAGE
from acrn_trace.guest.site import Site

BY_PAGE = "page"
ENTRY_SIZE = 32  # of Xen's: MOV of the call's number to EAX, the instruction, RET
ENTRIES = PAGE // ENTRY_SIZE
MOV_EAX, MOV_SIZE = b"\xb8", 5
RETURN, INT3 = b"\xc3", b"\xcc"


@dataclass(frozen=True)
class PageKind:
    """How a hypervisor's page comes to be, and what is in it.

    A write to one of ``msrs`` has it filled if the bits of ``mask`` are those of ``flags``.
    ``is_moved``: there is one, and a write moves it, or takes it away. ``has_entries``: one a call.
    Linux has it at its ``symbol``, or at the address that is there (``is_pointer``).
    """

    abi: str
    msrs: tuple[int, ...]
    mask: int
    flags: int
    is_moved: bool
    has_entries: bool
    symbol: str
    is_pointer: bool

    def page(self, value: int) -> int | None:
        """The guest-physical address of the page that a write of ``value`` has filled."""
        return value & -PAGE or None if value & self.mask == self.flags else None


KINDS = (
    PageKind("xen", (0x40000000, 0x40000200), 0xFFF, 0, False, True, "hypercall_page", False),
    PageKind("hyperv", (0x40000001,), 1, 1, True, False, "hv_hypercall_pg", True),
)


def page_kinds() -> Iterator[PageKind]:
    """Those of the hypervisors that abi.def has."""
    return (kind for kind in KINDS if kind.abi in abis())


def kind_of(msr: int) -> PageKind | None:
    """Whose page a write to the MSR is about."""
    return next((kind for kind in page_kinds() if msr in kind.msrs), None)


def page_sites(kind: PageKind, content: bytes | None, address: int) -> list[Site]:
    """The sites of a page with this ``content`` at a virtual ``address``; none of another's.

    None: it cannot be read yet (KVM maps a guest's page when it is first used). Then they are where
    such pages have them, which the code that is there at a stop is to confirm.
    """
    if content is None:
        content = _usual_content(kind)
    found = _in_entries(content) if kind.has_entries else _in_code(content)
    return [
        Site(
            address + offset,
            number,
            source=BY_PAGE,
            instruction=hypercall_at(content[offset:]),
            abi=abi_named(kind.abi),
            abi_by=BY_PAGE,
            is_stub=True,
        )
        for offset, number in found
    ]


def _usual_content(kind: PageKind) -> bytes:
    call = abi_named(kind.abi).instruction.code + RETURN
    if not kind.has_entries:
        return call
    entries = (MOV_EAX + number.to_bytes(4, "little") + call for number in range(ENTRIES))
    return b"".join(entry.ljust(ENTRY_SIZE, INT3) for entry in entries)


@lru_cache(1)
def _call() -> re.Pattern[bytes]:
    """A hypercall instruction, and a return behind it."""
    return re.compile(b"(?:" + b"|".join(map(re.escape, hypercalls())) + b")" + RETURN)


def _in_entries(content: bytes) -> Iterator[tuple[int, int]]:
    for number, start in enumerate(range(0, len(content), ENTRY_SIZE)):
        at = start + MOV_SIZE
        moves = content[start:at] == MOV_EAX + number.to_bytes(4, "little")
        if moves and _call().match(content, at):
            yield at, number


def _in_code(content: bytes) -> Iterator[tuple[int, None]]:
    return ((match.start(), None) for match in _call().finditer(content))
