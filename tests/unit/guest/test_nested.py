# SPDX-License-Identifier: BSD-3-Clause
"""Nested page tables: what they lead to, and the sentence for each way of leading nowhere."""

import struct

import pytest

from acrn_trace.guest.memory import Unreadable
from acrn_trace.guest.nested import NestedMemory, NestedTable
from helpers.make.page_tables import PRESENT, USER, Tables

NCR3 = 0x1000
BOTH = PRESENT | USER


def page(letter: bytes) -> bytes:
    return letter * 4096


def guest_of(*mapped: tuple[int, int], levels: int = 4, flags: int = BOTH, **how) -> NestedMemory:
    """A guest whose pages, by guest-physical address, are at host-physical ones."""
    machine = Tables({0x40000: page(b"a"), 0x41000: page(b"b"), 0x42000: page(b"c")})
    for guest, host in mapped:
        machine.map(NCR3, guest, host, levels, flags=flags, **how)
    return NestedMemory(machine, NestedTable(NCR3, levels))


@pytest.mark.parametrize("levels", [4, 5])
@pytest.mark.parametrize("size_level, host", [(0, 0x5000), (1, 0x600000), (2, 0x4000_0000)])
@pytest.mark.parametrize("guest", [0x80_0000_0000, 0x8000_4000_0000])
def test_pages_of_each_size_and_addresses_that_no_virtual_one_could_be(
    levels, size_level, host, guest
):
    memory = guest_of((guest, host), levels=levels, size_level=size_level)
    inside = (1 << 12 + 9 * size_level) - 1
    for offset in (0, 5, inside):
        assert memory.translate(guest + offset) == host + offset
    with pytest.raises(Unreadable, match="not mapped"):
        memory.translate(guest + inside + 1)


def test_the_number_of_levels_is_not_in_the_table():
    memory = guest_of((0x5000, 0x40000), levels=5)
    wrong = NestedMemory(memory._machine, NestedTable(NCR3, 4))
    assert memory.read(0x5000, 1) == b"a"
    with pytest.raises(Unreadable):
        wrong.read(0x5000, 1)


def test_neighbours_that_are_none_in_the_machine():
    memory = guest_of((0x5000, 0x42000), (0x6000, 0x40000))
    assert memory.read(0x5FFE, 4) == b"ccaa"
    memory.write(0x5FFF, b"xyz")
    assert memory.read(0x5FFE, 5) == b"cxyza"
    assert memory._machine.read(0x40000, 3) == b"yza"


def test_nothing_is_written_where_a_part_cannot_be():
    memory = guest_of((0x5000, 0x42000))
    with pytest.raises(Unreadable, match="0x6000 is not mapped"):
        memory.write(0x5FFF, b"xyz")
    assert memory.read(0x5FFF, 1) == b"c"
    memory = guest_of((0x5000, 0x42000), (0x6000, 0x9999_0000))
    with pytest.raises(Unreadable, match="no memory there"):
        memory.write(0x5FFF, b"xyz")
    assert memory.read(0x5FFF, 1) == b"c"


def test_an_entry_without_the_users_bit_maps_nothing():
    memory = guest_of((0x5000, 0x40000), flags=PRESENT)
    with pytest.raises(Unreadable) as why:
        memory.read(0x5000, 1)
    assert str(why.value) == (
        "guest-physical 0x5000 is not mapped (nested page table at 0x1000, 4 levels)"
    )


def test_a_table_that_does_not_exist():
    memory = NestedMemory(Tables(), NestedTable(0x7000, 5))
    with pytest.raises(Unreadable) as why:
        memory.read(0x5000, 1)
    assert str(why.value) == (
        "guest-physical 0x5000 needs the page table at 0x7000, which cannot be read: no memory "
        "there (nested page table at 0x7000, 5 levels)"
    )


def test_a_table_that_loops():
    machine = Tables({NCR3: struct.pack("<Q", NCR3 | BOTH) * 512})
    with pytest.raises(Unreadable) as why:
        NestedMemory(machine, NestedTable(NCR3, 4)).read(0x5000, 1)
    assert str(why.value) == (
        "guest-physical 0x5000 comes to the table at 0x1000 twice (nested page table at 0x1000, "
        "4 levels)"
    )


def test_a_table_that_leads_outside_of_the_machines_memory():
    memory = guest_of((0x5000, 0x9999_0000))
    with pytest.raises(Unreadable) as why:
        memory.read(0x5010, 1)
    assert str(why.value) == (
        "guest-physical 0x5010 is at host-physical 0x99990010 (nested page table at 0x1000, "
        "4 levels): no memory there"
    )


def test_a_size_that_no_guest_has():
    with pytest.raises(Unreadable, match="more than is read at once"):
        guest_of((0x5000, 0x40000)).read(0x5000, 1 << 40)
