# SPDX-License-Identifier: BSD-3-Clause
"""Where page tables have a guest-physical page for code to run: each way to it, and bounds."""

import struct

import pytest

from acrn_trace.guest.aliases import MAX_ADDRESSES, MAX_TABLES, executable_at
from helpers.make.memory import FakeMemory
from helpers.make.page_tables import PRESENT, Tables

PAGING = {"cr0": 1 << 31, "cr3": 0x1000, "cr4": 0}
LA57 = 1 << 12
NO_EXECUTE = 1 << 63
HIGH, LOW = 0xFFFF_FFFF_8040_8000, 0x40_8000


def at(tables, physical=0x40_8000, **registers):
    return executable_at(tables, PAGING | registers, physical)


@pytest.mark.parametrize("levels,cr4", [(4, 0), (5, LA57)])
@pytest.mark.parametrize("size_level", [0, 1, 2])
def test_each_address_of_a_page_is_found_the_highest_first(levels, cr4, size_level):
    tables = Tables()
    below = (1 << 12 + 9 * size_level) - 1
    for virtual in (LOW, HIGH):
        tables.map(0x1000, virtual & ~below, 0x40_8000 & ~below, levels, size_level)
    assert at(tables, cr4=cr4) == [HIGH, LOW]
    assert at(tables, 0x8000_0000, cr4=cr4) == []


def test_where_nothing_may_run_it_is_not():
    """As Linux's map of all memory."""
    tables = Tables()
    tables.map(0x1000, 0xFFFF_8880_0040_8000, 0x40_8000, flags=PRESENT | NO_EXECUTE)
    tables.map(0x1000, HIGH, 0x40_8000)
    assert at(tables) == [HIGH]


def test_a_table_that_two_entries_lead_to_has_it_twice():
    tables = Tables()
    tables.map(0x1000, LOW, 0x40_8000)
    top = bytearray(tables.parts[0x1000])
    top[511 * 8 :] = top[:8]
    tables.parts[0x1000] = bytes(top)
    assert at(tables) == [0xFFFF_FF80_0040_8000, LOW]


def test_without_paging_it_is_where_it_is():
    assert at(FakeMemory(), cr0=0) == [0x40_8000]


def test_tables_that_lead_back_cost_no_more_and_give_no_more_than_so_many():
    memory = FakeMemory({0x1000: struct.pack("<Q", 0x1001) * 512})
    assert len(at(memory, 0x1000)) == MAX_ADDRESSES
    assert memory.reads <= 4


def test_no_more_tables_are_read_than_so_many():
    class Endless(FakeMemory):
        """Each table leads to 512 others."""

        def read(self, address, size):
            self.reads += 1
            first = address * 512 & 0x3_FFFF_FFFF_F000
            return struct.pack(
                "<512Q", *range(first | PRESENT, (first | PRESENT) + (512 << 12), 1 << 12)
            )

    memory = Endless()
    at(memory, 0xF_FFFF_0000_0000)
    assert memory.reads <= MAX_TABLES


def test_a_table_that_cannot_be_read_has_nothing():
    tables = Tables()
    tables.map(0x1000, HIGH, 0x40_8000)
    tables.map(0x1000, LOW, 0x40_8000)
    entry = struct.unpack_from("<Q", tables.parts[0x1000], 511 * 8)[0]
    del tables.parts[entry & ~0xFFF]
    assert at(tables) == [LOW]
