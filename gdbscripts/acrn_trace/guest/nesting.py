# SPDX-License-Identifier: BSD-3-Clause
"""Knows of each vCPU whose guest-physical memory it has: the machine's, or a nested guest's.

A debugger below the hypervisor sees which CR3 a vCPU has and not whether it is the hypervisor's or
that of a guest, whose addresses only a nested page table leads to the machine's memory. What tells
is code that is known to be there, as at a site: the tables through which it is read are believed.
Those of nested guests are found by their VMCBs, and only looked for where the machine's own memory
does not show the code.
"""

from typing import Collection, Iterable, Iterator, Mapping, NamedTuple, Protocol

from acrn_trace.guest.memory import Unreadable
from acrn_trace.guest.nested import LEVELS, MachineMemory, NestedMemory, NestedTable
from acrn_trace.guest.paging import Memory, memory_of
from acrn_trace.guest.stop import CR3_ADDRESS
from acrn_trace.guest.vmcb import SVME, ScannedMemory, Vmcb, find_vmcbs

MAX_KNOWN = 4096  # address spaces that are remembered
MAX_TABLES = 64

NONE_SHOWS = (
    "neither vCPU {number}'s own page tables (CR3 {cr3:#x}) nor any of the {count} nested page "
    "tables that VMCBs in memory lead to show the code that is expected at {address:#x}"
)
NO_VMCB = (
    "vCPU {number}'s own page tables (CR3 {cr3:#x}) do not show the code that is expected at "
    "{address:#x}, and no VMCB of a nested guest is in memory (Intel's EPT is not walked)"
)
MANY_SHOW = (
    "{count} nested guests have the code that is expected at {address:#x}, and it is not known "
    "which of them vCPU {number} runs; 'hypercall nested set NCR3' says it"
)
WHOSE = (
    "it is not known whether vCPU {number}, at {rip:#x}, runs a nested guest or its hypervisor; "
    "'hypercall nested set' says it"
)


class Machine(MachineMemory, ScannedMemory, Protocol):
    """Host-physical memory."""


class Vcpu(Protocol):
    """A stopped vCPU."""

    number: int
    registers: Mapping[str, int]  # cr0, cr3, cr4, efer and rip

    def read(self, address: int, size: int) -> bytes | None:
        """Memory at a virtual address by its page tables in the machine's memory."""

    def code_at(self, address: int) -> bytes | None:
        """The code that the guest's image has there; None where it has none."""


class _View(NamedTuple):
    """What was found of a vCPU: the address space that it had then, and None for the machine."""

    cr3: int
    table: NestedTable | None


class Nesting:
    """``tables`` are those of nested guests that are known, the latest first."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.tables: list[NestedTable] = []
        self.vmcbs: list[Vmcb] = []  # that the latest search found
        self.trouble: str | None = None  # why the latest search found nothing that fits
        self.is_chosen = False  # the user has said which table it is, or that there is none
        self._views: dict[int, _View] = {}
        self._of_cr3: dict[int, NestedTable | None] = {}
        self._misses: dict[tuple[int, int], int] = {}  # by CR3 and address

    def forget(self) -> None:
        """Another guest is connected, or the user wants all to be found anew."""
        self.__init__(self.machine)

    @property
    def is_active(self) -> bool:
        """Whether a nested guest is known of."""
        return bool(self.tables)

    def choose(self, vcpu: Vcpu, table: NestedTable | None) -> None:
        """The user says that the guest's is this, and no other, or that it is not nested."""
        self.forget()
        self.is_chosen = True
        if table:
            self._keep(vcpu, table)

    def shows(self, vcpu: Vcpu, address: int, codes: Collection[bytes]) -> bool:
        """Whether the vCPU has one of ``codes``, all of a length, at a virtual address.

        Through whatever tables it has it: those are the vCPU's from now on.
        """
        for table in self._likely(vcpu):
            if self._reads(vcpu, table, address, codes):
                self._keep(vcpu, table)
                return True
        if not self._may_search(vcpu, address):
            return False
        found = self._search(vcpu, address, codes)
        if found:
            self._keep(vcpu, found)
        return found is not None

    def table_of(self, vcpu: Vcpu) -> NestedTable | None:
        """What the vCPU's memory is read through, None for the machine itself; or Unreadable."""
        if not self.tables:
            return None
        view, cr3 = self._views.get(vcpu.number), _cr3(vcpu)
        if view and view.cr3 == cr3:
            return view.table
        if cr3 in self._of_cr3:
            return self._of_cr3[cr3]
        return self._by_code_at_rip(vcpu)

    def latest_table_of(self, number: int) -> NestedTable | None:
        """The same of a vCPU whose registers are not to be read, as when it was last looked at."""
        view = self._views.get(number)
        return view.table if view else None

    def memory(self, table: NestedTable | None) -> MachineMemory:
        """The guest-physical memory of those who have ``table``."""
        return NestedMemory(self.machine, table) if table else self.machine

    def virtual(self, vcpu: Vcpu, table: NestedTable) -> Memory:
        """A vCPU's memory by virtual address, as guest of ``table``; or Unreadable."""
        return memory_of(NestedMemory(self.machine, table), vcpu.registers)

    def _likely(self, vcpu: Vcpu) -> Iterator[NestedTable | None]:
        """What to try without a search: what it was last, then all that is known."""
        view = self._views.get(vcpu.number)
        first = view.table if view else None
        yield first
        yield from (table for table in (None, *self.tables) if table != first)

    def _reads(
        self, vcpu: Vcpu, table: NestedTable | None, address: int, codes: Collection[bytes]
    ) -> bool:
        return self._code(vcpu, table, address, len(next(iter(codes)))) in codes

    def _code(self, vcpu: Vcpu, table: NestedTable | None, at: int, size: int) -> bytes | None:
        if table is None:
            return vcpu.read(at, size)
        try:
            return self.virtual(vcpu, table).read(at, size)
        except Unreadable:
            return None

    def _keep(self, vcpu: Vcpu, table: NestedTable | None) -> None:
        cr3 = _cr3(vcpu)
        self._views[vcpu.number] = _View(cr3, table)
        if len(self._of_cr3) >= MAX_KNOWN:
            self._of_cr3.clear()
        self._of_cr3[cr3] = table
        if table and table not in self.tables:
            self.tables.insert(0, table)
            del self.tables[MAX_TABLES:]

    def _may_search(self, vcpu: Vcpu, address: int) -> bool:
        """Not where there can be no nested guest, or none is; nor, in vain, over and over.

        Whatever else runs at a site's address comes here; so the second search for it in one
        address space is at its second stop, the next at its fourth, its eighth …
        """
        is_other = not self.tables and self._of_cr3  # code was found without nested tables
        if self.is_chosen or is_other or not vcpu.registers["efer"] & SVME:
            return False
        if len(self._misses) >= MAX_KNOWN:
            self._misses.clear()
        place = _cr3(vcpu), address
        misses = self._misses[place] = self._misses.get(place, 0) + 1
        return misses & (misses - 1) == 0

    def _search(self, vcpu: Vcpu, address: int, codes: Collection[bytes]) -> NestedTable | None:
        """The table of a VMCB through which the vCPU has the code; None leaves ``trouble``."""
        self.vmcbs = list(find_vmcbs(self.machine))
        found: dict[int, NestedTable] = {}  # by the host-physical address of the code
        for table in _tables(self.vmcbs, _cr3(vcpu)):
            if self._reads(vcpu, table, address, codes):
                place = self.virtual(vcpu, table).translate(address)
                found.setdefault(NestedMemory(self.machine, table).translate(place), table)
        if len(found) == 1:
            self.trouble = None
            return next(iter(found.values()))
        why = MANY_SHOW if found else NONE_SHOWS if self.vmcbs else NO_VMCB
        count = len(found) or len({vmcb.ncr3 for vmcb in self.vmcbs})
        self.trouble = why.format(
            number=vcpu.number, cr3=vcpu.registers["cr3"], address=address, count=count
        )
        return None

    def _by_code_at_rip(self, vcpu: Vcpu) -> NestedTable | None:
        """By what is where the vCPU stands: the image's code, or code at all."""
        rip = vcpu.registers["rip"]
        image = vcpu.code_at(rip)
        size = len(image) if image else 1
        codes = {table: self._code(vcpu, table, rip, size) for table in (None, *self.tables)}
        there = [table for table, code in codes.items() if code is not None]
        equal = [table for table in there if image and codes[table] == image]
        for candidates in (equal, there):
            if len(candidates) == 1:
                self._views[vcpu.number] = _View(_cr3(vcpu), candidates[0])
                return candidates[0]
        raise Unreadable(WHOSE.format(number=vcpu.number, rip=rip))


def _cr3(vcpu: Vcpu) -> int:
    return vcpu.registers["cr3"] & CR3_ADDRESS


def _tables(vmcbs: Iterable[Vmcb], cr3: int) -> list[NestedTable]:
    """Each once; first those of guests that had this CR3 at their latest exit."""
    first = sorted(vmcbs, key=lambda vmcb: vmcb.cr3 & CR3_ADDRESS != cr3)
    ncr3s = dict.fromkeys(vmcb.ncr3 for vmcb in first)
    return [NestedTable(ncr3, levels) for ncr3 in ncr3s for levels in LEVELS]
