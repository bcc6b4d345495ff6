# SPDX-License-Identifier: BSD-3-Clause
"""acrn-record and a guest that lies: a sentence or what can be read, and no more work than RAM."""

import random
from pathlib import Path

import pytest

from helpers.guests import make
from helpers.make.recording import Recorder, lost, recorded, sequences
from helpers.make.ring import HEADER_AT, MIB, PAGE, RECORDS_AT, TABLES_AT, RingMachine, record

GIB = 1 << 30


@pytest.fixture(scope="module", autouse=True)
def built():
    make("readers")


HOSTILE = {
    "magic": 0,
    "version": 2,
    "header_size": (1 << 32) - 8,
    "ring_size": 0,
    "ring_count": 0xFFFFFFFF,
    "record_size": 0xFFFFFFC0,
    "record_count": 1 << 31,
    "capture_offset": 60,
    "changed_offset": 0xFFF8,
    "cr3": (1 << 64) - 1,
    "header_virtual": 1 << 63,
    "records_virtual": (1 << 64) - 8,
}


@pytest.mark.parametrize("field", HOSTILE)
def test_a_header_that_lies_is_refused_with_a_reason(folder, field):
    machine = RingMachine(more={field: HOSTILE[field]})
    machine.call()
    status, said, _ = recorded(folder, machine)
    assert status == 3
    assert said.startswith("acrn-record: no calls were recorded from ") and said.count("\n") == 1


def test_page_tables_that_run_in_a_circle(folder):
    machine = RingMachine()
    machine.call()
    for slot in range(512):
        at = TABLES_AT + slot * 8
        machine.ram[at : at + 8] = (TABLES_AT | 3).to_bytes(8, "little")
    status, said, _ = recorded(folder, machine)
    assert status == 3 and "page tables do not lead to it" in said


@pytest.mark.parametrize("claimed", ((1 << 64) - 1, 1 << 63, 1 << 40))
def test_counters_that_lie_cost_nothing(folder, claimed):
    machine = RingMachine()
    machine.write(0, claimed - 1, record(claimed - 1, entry=10**9))
    machine.claimed[0] = claimed
    machine.write_counters()
    status, _, events = recorded(folder, machine)  # it would take years to look at each
    assert status == 0
    assert len(events) + lost(events) == claimed


def test_header_and_page_tables_that_change_under_the_recorder(folder):
    """It has read both when it read its first call, and never looks at them again."""
    machine, randomness = RingMachine(count=64), random.Random(1)
    machine.call()
    recorder = Recorder(folder, machine)
    for calls in range(1, 30):
        recorder.wait_for(calls)
        for at, size in ((HEADER_AT, 128), (TABLES_AT, 4 * PAGE)):
            machine.ram[at : at + size] = randomness.randbytes(size)
        machine.call()
    recorder.wait_for(30)
    status, said, events = recorder.finish()
    assert (status, said) == (0, "acrn-record: 30 calls recorded, 0 lost\n")
    assert sequences(events) == list(range(30))


def test_pages_that_all_look_like_a_header(folder):
    """Each page is looked at once, whatever was found before it."""
    machine = RingMachine(ram_size=64 * MIB)
    machine.call()
    for page in range(HEADER_AT // PAGE):
        machine.ram[page * PAGE : page * PAGE + 128] = machine.header.pack()
    for at in range(4 * MIB, 64 * MIB, PAGE):
        machine.ram[at : at + 8] = machine.header.pack()[:8]
    # The others come first, and in front of them RAM that has none.
    ranges = ["-r", f"{GIB}:{60 * MIB}:{4 * MIB}", "-r", f"0:{4 * MIB}:0"]
    status, said, events = recorded(folder, machine, *ranges)
    assert (status, len(events)) == (0, 1), said


def test_ranges_that_are_no_pages(folder):
    status, said, _ = recorded(folder, RingMachine(), "-r", f"8:{PAGE}:0")
    assert status == 3 and "the ranges given are not whole pages in it" in said


def test_records_that_are_more_than_all_ram(folder):
    """By tables that lead to the same page again and again; each would be read as often."""
    machine = RingMachine(more={"record_count": 1 << 20})
    records = (RECORDS_AT | 3).to_bytes(8, "little")
    table = machine.ram.index(records) // PAGE * PAGE
    above = machine.ram.index((table | 3).to_bytes(8, "little")) // PAGE * PAGE
    machine.ram[table + 8 : table + PAGE] = records * 511  # all but the header's page
    machine.ram[above : above + PAGE] = (table | 3).to_bytes(8, "little") * 512
    machine.call()
    status, said, _ = recorded(folder, machine)
    assert status == 3 and "its records are more than all RAM" in said


def test_large_records_take_little_memory(folder):
    """Of calls in flight so many are kept of each ring, but no more than 64 MiB of all."""
    machine = RingMachine(rings=60, count=1, size=4096)
    machine.call()
    recorder = Recorder(folder, machine)
    recorder.wait_for(1)
    peak = Path(f"/proc/{recorder.process.pid}/status").read_text().split("VmPeak:")[1].split()[0]
    status, said, _ = recorder.finish()
    assert status == 0 and int(peak) < 128 << 10, said


@pytest.mark.parametrize("broken", (255, 256))
def test_headers_whose_rings_are_nowhere(folder, broken):
    """Each is where its page tables say; so many are tried, and then it is said what to do."""
    machine = RingMachine()
    machine.call()
    for number in range(broken):
        virtual, at = 0xFFFFFFFFC0000000 + 2 * number * PAGE, MIB + number * PAGE
        machine._map(virtual, at)  # and not the page behind it
        lie = machine.header._replace(header_virtual=virtual, header_size=PAGE)
        machine.ram[at : at + 128] = lie.pack()
    ranges = ["-r", f"{MIB}:{3 * MIB}:{MIB}", "-r", f"0:{MIB}:0"]
    status, said, events = recorded(folder, machine, *ranges)
    assert (status, len(events)) == ((0, 1) if broken < 256 else (3, 0)), said
    assert broken < 256 or "give the address of the right one with -a" in said


@pytest.mark.parametrize("khz", (9999, 100_000_001, 0xFFFFFFFF))
def test_a_clock_that_cannot_be_right_is_not_believed(folder, khz):
    """The file would be refused by all who read it."""
    machine = RingMachine(khz=khz)
    machine.call()
    status, said, events = recorded(folder, machine)
    assert (status, len(events)) == (0, 1), said
