# SPDX-License-Identifier: BSD-3-Clause
"""Finds where a call is made by hand: the page that the guest reserves, or one of its sites."""

from dataclasses import dataclass, replace

import gdb

from acrn_trace.act.call.build import Room
from acrn_trace.act.call.refuse import Flags, Vcpu, others_refusal, refusal, vcpu_flags
from acrn_trace.base.errors import TargetError, TraceError
from acrn_trace.guest.abi import main_abi
from acrn_trace.guest.memory import Unreadable
from acrn_trace.guest.paging import PAGE, VirtualMemory
from acrn_trace.guest.site import Site
from acrn_trace.in_gdb import stub
from acrn_trace.in_gdb.call_state import breakpoints_at
from acrn_trace.in_gdb.guest_memory import (
    GuestPhysicalMemory,
    has_code,
    has_hypercall,
    look,
    read_memory,
    runs_nested,
)
from acrn_trace.in_gdb.image import current_image, current_sites
from acrn_trace.in_gdb.registers import read_register

SCRATCH = "acrn_scratch"
# cstub/include/acrn_scratch.h
CODE_OFFSET, MAGIC_OFFSET, MAGIC = 4032, 4088, b"ACRNCALL"
MAX_TRIED = 1024  # sites that are looked at for one without a breakpoint


@dataclass(frozen=True)
class Place:
    """A VMCALL that can be used: at ``site``, with ``code`` written there if it is no site yet.

    ``scratch`` is the page that the guest reserves, if it does: for the VMCALL and structures.
    """

    site: Site
    code: bytes
    scratch: int | None = None

    def is_here(self) -> bool:
        """Whether the selected thread's address space has this place: it is the guest's."""
        if self.code:
            return has_code(self.scratch + MAGIC_OFFSET, (MAGIC,))
        return has_hypercall(self.site)

    def room(self) -> Room | None:
        """Guest memory for structures."""
        if self.scratch is None:
            return None
        return Room(physical(self.scratch), CODE_OFFSET)


def physical(virtual: int, size: int = 1) -> int:
    """The guest-physical address of ``size`` bytes at a virtual one of the selected thread.

    TraceError where their pages are no neighbours: the hypervisor would go on in another's.
    """
    memory = VirtualMemory(GuestPhysicalMemory(), read_register("cr3"), read_register("cr4"))
    start = _translated(memory, virtual)
    for at in range(PAGE - virtual % PAGE, size, PAGE):
        there = _translated(memory, virtual + at)
        if there != start + at:
            raise TraceError(
                f"its {size} bytes at {virtual:#x} are on pages that are no neighbours in "
                f"guest-physical memory ({virtual + at:#x} is at {there:#x}, not {start + at:#x}); "
                "give a structure that is on one page, or its fields in braces"
            )
    return start


def _translated(memory: VirtualMemory, virtual: int) -> int:
    try:
        return memory.translate(virtual)
    except Unreadable as why:
        raise TraceError(
            f"the guest-physical address of {virtual:#x} is not known: {why}"
        ) from None


def find_place() -> Place:
    """The reserved page, else a certain site where the user has no breakpoint.

    Nor the one that the guest stands at, to make a call of its own there. Where the guest is nested
    GDB cannot read code that is not in the image, and it looks at the code where a vCPU stands:
    there it is a site in any case.
    """
    look()
    image = current_image()
    try:
        scratch = int(gdb.parse_and_eval(f"(unsigned long) &{SCRATCH}"))
    except gdb.error:
        scratch = None
    if scratch is not None and not runs_nested():
        site = Site(scratch + CODE_OFFSET, function=SCRATCH, source="hand")
        return Place(site, _instruction(), scratch)
    here = read_register("rip")
    certain = [site for site in _sites() if site.certain and site.address != here][:MAX_TRIED]
    for site in certain:
        if not breakpoints_at((site.address, site.return_address)):
            return Place(replace(site, source="hand"), b"", scratch)
    if certain:
        raise TraceError("each call site has a breakpoint of yours; disable that of one")
    raise TraceError(
        f"{image.path} has no certain call site to use, and reserves no page for it: link "
        "cstub/src/scratch.S into the guest"
    )


def _sites() -> list[Site]:
    """Those of the image, none of a guest that makes no calls of its own."""
    try:
        return current_sites(current_image())
    except TraceError:
        return []


def _instruction() -> bytes:
    """The instruction that the guest's own sites have: a hypervisor may have rewritten it."""
    abi, sites = main_abi(), _sites()
    there = read_memory(sites[0].address, abi.length) if sites else None
    return there if there in abi.codes else abi.instruction.code


def check_stop(place: Place, force: bool) -> None:
    """TraceError where a call could do harm. The selected thread stays selected."""
    thread = gdb.selected_thread()
    flags = vcpu_flags(_monitor_registers())
    frame = gdb.selected_frame()
    try:
        refused = refusal(_vcpu(thread, place, flags))
        if not refused and not force:
            others = [other for other in gdb.selected_inferior().threads() if other != thread]
            refused = others_refusal(_vcpu(other, place, flags) for other in others)
    finally:
        thread.switch()
        if frame.is_valid():
            frame.select()
    if refused:
        raise TraceError(f"no call can be made here: {refused}")


def _vcpu(thread: gdb.InferiorThread, place: Place, flags: dict[int, Flags]) -> Vcpu:
    thread.switch()
    number = thread.ptid[1] - 1
    names = ("rip", "cs", "cr0", "cr3", "efer")
    registers = {name: read_register(name) for name in names}
    known = flags.get(number, Flags())
    return Vcpu(
        number,
        *registers.values(),
        has_image=place.is_here(),
        halted=known.halted,
        shadowed=known.shadowed,
        in_smm=known.in_smm,
    )


def _monitor_registers() -> str:
    try:
        return stub.ask_monitor("info registers -a")
    except TargetError:
        return ""
