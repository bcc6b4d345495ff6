# SPDX-License-Identifier: BSD-3-Clause
"""Page tables: the sizes of pages, both numbers of levels, and tables that lead astray."""

import struct

import pytest

from acrn_trace.guest.memory import Unreadable
from acrn_trace.guest.paging import PageFault, VirtualMemory, memory_of, translate
from helpers.make.memory import FakeMemory
from helpers.make.page_tables import Tables

LA57 = 1 << 12
HIGH = 0xFFFF_FFFF_8040_0000


@pytest.mark.parametrize("levels,cr4", [(4, 0), (5, LA57)])
@pytest.mark.parametrize("size_level,physical", [(0, 0x5000), (1, 0x600000), (2, 0x4000_0000)])
@pytest.mark.parametrize("virtual", [0x40_0000_0000, HIGH & ~0x3FFF_FFFF])
def test_pages_of_each_size(levels, cr4, size_level, physical, virtual):
    tables = Tables()
    tables.map(0x1000, virtual, physical, levels, size_level)
    inside = (1 << 12 + 9 * size_level) - 1
    for offset in (0, 5, inside):
        assert translate(tables, 0x1000 | 0x18, cr4, virtual + offset) == physical + offset
    with pytest.raises(PageFault, match="not mapped"):
        translate(tables, 0x1000, cr4, virtual + inside + 1)


def test_the_top_level_has_no_large_pages():
    tables = Tables()
    tables.map(0x1000, HIGH, 0x5000)
    page = bytearray(tables.parts[0x1000])
    page[511 * 8] |= 0x80
    tables.parts[0x1000] = bytes(page)
    assert translate(tables, 0x1000, 0, HIGH) == 0x5000


def test_a_table_that_points_at_itself_costs_no_more_than_another():
    memory = FakeMemory({0x1000: struct.pack("<Q", 0x1001) * 512})
    assert translate(memory, 0x1000, 0, 0x123456) == 0x1456
    assert memory.reads == 1


@pytest.mark.parametrize(
    "virtual,cr4,mapped", [(1 << 47, 0, False), (1 << 47, LA57, True), (1 << 56, LA57, False)]
)
def test_addresses_that_are_not_canonical(virtual, cr4, mapped):
    memory = FakeMemory({0x1000: struct.pack("<Q", 0x1001) * 512})
    if mapped:
        assert translate(memory, 0x1000, cr4, virtual) == 0x1000
    else:
        with pytest.raises(PageFault, match="canonical"):
            translate(memory, 0x1000, cr4, virtual)


def test_a_table_outside_of_memory_is_named():
    memory = FakeMemory({0x1000: struct.pack("<Q", 0x9999_9000 | 1) * 512})
    with pytest.raises(PageFault, match="table at 0x99999000, which cannot be read"):
        translate(memory, 0x1000, 0, 0)


def test_a_table_that_is_cut_off_is_read_as_far_as_it_is_there():
    memory = FakeMemory({0x1000: struct.pack("<Q", 0x1001) * 8})
    assert translate(memory, 0x1000, 0, 0) == 0x1000


def test_reading_across_pages_that_lie_apart():
    tables = Tables({0x5000: b"a" * 4096, 0x9000: b"b" * 4096})
    tables.map(0x1000, HIGH, 0x9000)
    tables.map(0x1000, HIGH - 0x1000, 0x5000)
    memory = VirtualMemory(tables, 0x1000)
    assert memory.read(HIGH - 2, 4) == b"aabb"
    with pytest.raises(Unreadable):
        memory.read(HIGH + 4095, 2)
    with pytest.raises(Unreadable, match="more than is read at once"):
        memory.read(HIGH, 1 << 40)


def test_what_a_vcpu_sees():
    physical = FakeMemory({0x1000: b"x" * 16})
    assert memory_of(physical, {"cr0": 0x11, "cr3": 0}).read(0x1000, 1) == b"x"
    with pytest.raises(Unreadable, match="CR3 of the vCPU is not known"):
        memory_of(physical, {"cr0": 0x80000011})
    with pytest.raises(Unreadable, match="32-bit"):
        memory_of(physical, {"cr0": 0x80000011, "cr3": 0, "cr4": 0})
