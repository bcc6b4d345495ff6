# SPDX-License-Identifier: BSD-3-Clause
"""Whose memory a vCPU has: proven by code, found by VMCBs, found again, and never guessed."""

from dataclasses import dataclass, field

import pytest

from acrn_trace.guest.memory import Unreadable
from acrn_trace.guest.nested import NestedTable
from acrn_trace.guest.nesting import Nesting
from acrn_trace.guest.paging import CR0_PG, CR4_PAE, VirtualMemory
from acrn_trace.guest.vmcb import SVME
from helpers.make.page_tables import PRESENT, USER, Tables
from helpers.make.vmcb import vmcb_page

SITE, CODE = 0x40_0000_5000, b"\x0f\x01\xd9"
GUEST_CR3, HOST_CR3 = 0x7000, 0x9000
NCR3, OTHER_NCR3 = 0x20000, 0x30000
BOTH = PRESENT | USER


class Machine(Tables):
    """Counts how often it is searched."""

    searches = 0

    def pages_with(self, offset, bits):
        self.searches += 1
        yield from super().pages_with(offset, bits)


@dataclass
class FakeVcpu:
    machine: Machine
    number: int = 0
    cr3: int = GUEST_CR3
    rip: int = SITE
    efer: int = SVME
    image: dict[int, bytes] = field(default_factory=dict)

    @property
    def registers(self):
        return {"cr0": CR0_PG, "cr4": CR4_PAE, "cr3": self.cr3, "efer": self.efer, "rip": self.rip}

    def read(self, address, size):
        try:
            return VirtualMemory(self.machine, self.cr3).read(address, size)
        except Unreadable:
            return None

    def code_at(self, address):
        return self.image.get(address)


def add_guest(machine: Machine, ncr3: int, host: int, levels: int = 4, code: bytes = CODE) -> None:
    """A guest whose page tables and code lie from ``host`` on, 4 KiB each; its VMCB before."""
    own = Tables()
    own.map(GUEST_CR3, SITE, 0x6000)
    for index, (guest, data) in enumerate([*own.parts.items(), (0x6000, code.ljust(4096, b"."))]):
        machine.parts[host + index * 4096] = data
        machine.map(ncr3, guest, host + index * 4096, levels, flags=BOTH)
    machine.parts[host - 4096] = vmcb_page(ncr3, GUEST_CR3)


@pytest.fixture
def machine() -> Machine:
    return Machine()


@pytest.mark.parametrize("levels", [4, 5])
def test_a_nested_guests_code_is_found_through_its_vmcb(machine, levels):
    add_guest(machine, NCR3, 0x50000, levels)
    nesting, vcpu = Nesting(machine), FakeVcpu(machine)
    assert nesting.table_of(vcpu) is None
    assert nesting.shows(vcpu, SITE, [b"abc", CODE])
    assert nesting.table_of(vcpu) == NestedTable(NCR3, levels)
    assert nesting.memory(nesting.table_of(vcpu)).read(0x6000, 3) == CODE


def test_where_the_machines_memory_shows_the_code_nothing_is_searched(machine):
    machine.map(HOST_CR3, SITE, 0x6000)
    machine.parts[0x6000] = CODE.ljust(4096, b".")
    add_guest(machine, NCR3, 0x50000)
    nesting, host = Nesting(machine), FakeVcpu(machine, cr3=HOST_CR3)
    assert nesting.shows(host, SITE, [CODE])
    for _ in range(9):
        assert not nesting.shows(FakeVcpu(machine, cr3=0xB000), SITE, [CODE])
    assert machine.searches == 0 and not nesting.is_active


def test_who_comes_to_the_address_with_other_code_is_not_searched_for_each_time(machine):
    nesting, stranger = Nesting(machine), FakeVcpu(machine, cr3=0xB000)
    for _ in range(1000):
        assert not nesting.shows(stranger, SITE, [CODE])
    assert machine.searches == 10
    add_guest(machine, NCR3, 0x50000)
    assert nesting.shows(FakeVcpu(machine), SITE, [CODE])


def test_a_vcpu_that_can_run_no_nested_guest_is_not_searched_for(machine):
    """VMRUN demands EFER.SVME of the guest: AMD64 APM volume 2, 15.5.1."""
    add_guest(machine, NCR3, 0x50000)
    assert not Nesting(machine).shows(FakeVcpu(machine, efer=0x500), SITE, [CODE])
    assert machine.searches == 0


def test_each_level_keeps_its_own_tables(machine):
    add_guest(machine, NCR3, 0x50000)
    machine.map(HOST_CR3, SITE, 0x6000)
    machine.parts[0x6000] = b"another program's"
    nesting = Nesting(machine)
    assert nesting.shows(FakeVcpu(machine), SITE, [CODE])
    assert not nesting.shows(FakeVcpu(machine, cr3=HOST_CR3), SITE, [CODE])
    assert nesting.table_of(FakeVcpu(machine)) == NestedTable(NCR3, 4)
    on_another = FakeVcpu(machine, number=1)
    assert nesting.table_of(on_another) == NestedTable(NCR3, 4)


def test_tables_that_no_longer_hold_are_found_again(machine):
    add_guest(machine, NCR3, 0x50000)
    nesting, vcpu = Nesting(machine), FakeVcpu(machine)
    assert nesting.shows(vcpu, SITE, [CODE])
    machine.parts[NCR3] = bytes(4096)
    add_guest(machine, OTHER_NCR3, 0x80000)
    assert nesting.shows(vcpu, SITE, [CODE])
    assert nesting.table_of(vcpu) == NestedTable(OTHER_NCR3, 4)


def test_of_two_guests_with_the_code_none_is_guessed(machine):
    add_guest(machine, NCR3, 0x50000)
    add_guest(machine, OTHER_NCR3, 0x80000)
    nesting, vcpu = Nesting(machine), FakeVcpu(machine)
    assert not nesting.shows(vcpu, SITE, [CODE])
    assert nesting.trouble == (
        "2 nested guests have the code that is expected at 0x4000005000, and it is not known which "
        "of them vCPU 0 runs; 'hypercall nested set NCR3' says it"
    )
    nesting.choose(vcpu, NestedTable(OTHER_NCR3, 4))
    assert nesting.shows(vcpu, SITE, [CODE])
    assert nesting.table_of(vcpu) == NestedTable(OTHER_NCR3, 4)


def test_two_vmcbs_of_one_guest_are_one_guest(machine):
    add_guest(machine, NCR3, 0x50000)
    machine.parts[0x90000] = vmcb_page(NCR3, 0)
    assert Nesting(machine).shows(FakeVcpu(machine), SITE, [CODE])


def test_an_image_whose_bytes_nowhere_match(machine):
    nesting, vcpu = Nesting(machine), FakeVcpu(machine)
    assert not nesting.shows(vcpu, SITE, [CODE])
    assert nesting.trouble == (
        "vCPU 0's own page tables (CR3 0x7000) do not show the code that is expected at "
        "0x4000005000, and no VMCB of a nested guest is in memory (Intel's EPT is not walked)"
    )
    add_guest(machine, NCR3, 0x50000, code=b"other code")
    nesting.forget()
    assert not nesting.shows(vcpu, SITE, [CODE])
    assert nesting.trouble == (
        "neither vCPU 0's own page tables (CR3 0x7000) nor any of the 1 nested page tables that "
        "VMCBs in memory lead to show the code that is expected at 0x4000005000"
    )


def test_a_vcpu_of_another_address_space_is_judged_by_where_it_stands(machine):
    add_guest(machine, NCR3, 0x50000)
    machine.map(HOST_CR3, 0x1234000, 0x6000)
    machine.parts[0x6000] = bytes(4096)
    nesting = Nesting(machine)
    assert nesting.shows(FakeVcpu(machine), SITE, [CODE])
    assert nesting.table_of(FakeVcpu(machine, cr3=HOST_CR3, rip=0x1234000)) is None
    with pytest.raises(Unreadable) as why:
        nesting.table_of(FakeVcpu(machine, number=3, cr3=0xB000, rip=0x99))
    assert str(why.value) == (
        "it is not known whether vCPU 3, at 0x99, runs a nested guest or its hypervisor; "
        "'hypercall nested set' says it"
    )


def test_where_both_levels_have_code_the_images_own_decides(machine):
    add_guest(machine, NCR3, 0x50000)
    machine.map(0x7000, SITE, 0x6000)  # the guest's CR3 is a page table of the machine's, too
    machine.parts[0x6000] = b"another program's"
    nesting = Nesting(machine)
    assert nesting.shows(FakeVcpu(machine), SITE, [CODE])
    nesting._of_cr3.clear()
    undecided = FakeVcpu(machine, number=1)
    with pytest.raises(Unreadable):
        nesting.table_of(undecided)
    undecided.image = {SITE: CODE}
    assert nesting.table_of(undecided) == NestedTable(NCR3, 4)
