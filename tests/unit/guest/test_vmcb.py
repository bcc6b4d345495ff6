# SPDX-License-Identifier: BSD-3-Clause
"""VMCBs are found by what VMRUN demands of them, and by nothing less."""

import pytest

from acrn_trace.guest.paging import CR0_PG, CR4_PAE
from acrn_trace.guest.vmcb import Vmcb, find_vmcbs
from helpers.make.page_tables import Tables
from helpers.make.vmcb import vmcb_page

NCR3 = 0x2000


def found_with(**changed: int) -> list[Vmcb]:
    machine = Tables({NCR3: bytes(4096), 0x3000: vmcb_page(ncr3=NCR3, cr3=0x400000, **changed)})
    return list(find_vmcbs(machine))


def test_one_is_found_with_its_tables():
    assert found_with() == [Vmcb(0x3000, NCR3, 0x400000, CR0_PG, CR4_PAE)]


@pytest.mark.parametrize(
    "changed",
    [
        {"intercepts": 2},
        {"asid": 0},
        {"nested": 2},
        {"efer": 0x500},
        {"ncr3": NCR3 + 8},
        {"ncr3": 0},
        {"ncr3": 0x7000_0000},
    ],
    ids=str,
)
def test_what_is_none(changed):
    machine = Tables({NCR3: bytes(8192)})
    machine.parts[0x5000] = vmcb_page(**{"ncr3": NCR3, "cr3": 0x400000, **changed})
    assert not list(find_vmcbs(machine))


def test_memory_that_ends_within_a_page_ends_the_search_of_that_page_alone():
    machine = Tables({NCR3: bytes(4096), 0x3000: vmcb_page(ncr3=NCR3, cr3=0)[:0x4F0]})
    machine.parts[0x8000] = vmcb_page(ncr3=NCR3, cr3=7)
    assert [vmcb.address for vmcb in find_vmcbs(machine)] == [0x8000]
