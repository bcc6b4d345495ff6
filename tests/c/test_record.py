# SPDX-License-Identifier: BSD-3-Clause
"""acrn-record: every call of a ring is in the file once, or counted as lost."""

import os
import random
import subprocess
import time
from collections import Counter

import pytest

from acrn_trace.rings.format import CALLED, RETURNED, WRITING
from helpers.guests import make
from helpers.make.recording import RECORD, Recorder, lost, recorded, sequences
from helpers.make.ring import HEADER_AT, MIB, PAGE, RingMachine, record
from helpers.process import SECONDS

GIB = 1 << 30
ENOUGH = 1000  # calls that are recorded while their ring runs


@pytest.fixture(scope="module", autouse=True)
def built():
    make("readers")


def test_every_call_is_recorded_with_all_that_the_ring_says(folder):
    machine = RingMachine()
    machine.call(number=0x80000012, args=(7, 0), result=-22, vcpu=3)
    machine.call(number=0x99, args=(5, 6), flags=2, result=1, vcpu=0xFFFF)
    status, said, (first, second) = recorded(folder, machine)
    assert (status, said) == (0, "acrn-record: 2 calls recorded, 0 lost\n")
    assert (first.name, first.decoded, first.ret, first.vcpu) == ("start_vm", {"vmid": 7}, -22, 3)
    assert (first.status, first.source, first.clock) == ("returned", "ring", "tsc")
    assert (first.time, first.duration) == (0.5, 1e-6)
    assert (second.nr, second.args, second.vcpu, second.ret) == (0x99, (5, 6), None, 1)
    assert first.site.address == 0xFFFFFFFF803FF000


def test_calls_of_several_rings_are_in_the_order_of_time(folder):
    machine = RingMachine(rings=3)
    order = [0, 2, 1, 1, 0, 2, 2, 0]
    for number, ring in enumerate(order):
        machine.call(ring, entry=10**9 + number * 5000)
    _, _, events = recorded(folder, machine)
    assert [event.more["ring"] for event in events] == order


def test_what_was_overwritten_is_counted(folder):
    machine = RingMachine(count=16)
    for _ in range(100):
        machine.call()
    _, said, events = recorded(folder, machine)
    assert sequences(events) == list(range(84, 100))
    assert lost(events) == 84 and "16 calls recorded, 84 lost" in said
    assert events[0].findings[0].text == (
        "ring 0 lost 84 calls (0 to 83): overwritten before they were read"
    )


def test_a_record_that_is_overwritten_while_the_ring_is_read(folder):
    """The guest is ahead of what it has claimed when the counter was read."""
    machine = RingMachine(count=16)
    for _ in range(16):
        machine.call()
    machine.write(0, 19, record(19))
    _, said, events = recorded(folder, machine)
    assert sequences(events) == [n for n in range(16) if n != 3]
    assert lost(events) == 1 and "15 calls recorded, 1 lost" in said


def test_a_ring_that_stops_when_full(folder):
    machine = RingMachine(count=16, mode=1)
    for _ in range(40):
        machine.call()
    _, _, events = recorded(folder, machine)
    assert sequences(events) == list(range(16)) and lost(events) == 24
    assert "since the ring was full" in events[0].findings[0].text


def test_calls_in_flight(folder):
    """One hangs, one is overwritten while it does, one was claimed and never written."""
    machine = RingMachine(count=16)
    hanging = machine.call(state=CALLED)
    machine.call()
    recorder = Recorder(folder, machine)
    recorder.wait_for(1)  # and the one in flight before it was seen
    for _ in range(14):
        machine.call()
    recorder.wait_for(15)
    machine.call()  # in the slot of the one that hangs
    last = machine.call(state=CALLED)
    machine.call(state=WRITING)
    _, said, events = recorder.finish()
    by_sequence = {event.more["sequence"]: event for event in events}
    assert sorted(by_sequence) == list(range(18))
    assert by_sequence[hanging].status == "unknown" and by_sequence[hanging].ret is None
    assert by_sequence[last].status == "unfinished" and by_sequence[last].duration is None
    assert "18 calls recorded, 1 lost" in said and lost(events) == 1
    assert all(by_sequence[s].status == "returned" for s in by_sequence if s not in (hanging, last))


def test_a_call_that_returns_late_is_recorded_when_it_does(folder):
    machine = RingMachine()
    late = machine.call(state=CALLED)
    machine.call()
    recorder = Recorder(folder, machine)
    recorder.wait_for(1)
    machine.write(0, late, record(late, RETURNED, result=9))
    recorder.wait_for(2)
    _, _, events = recorder.finish()
    assert sequences(events) == [1, 0] and events[1].ret == 9


def test_ram_above_4_gib(folder):
    above = 4 * GIB - MIB
    machine = RingMachine(above=above)
    machine.call()
    ranges = ["-r", f"0:{4 * MIB}:0", "-r", f"{above + HEADER_AT:#x}:{2 * MIB}:{HEADER_AT}"]
    # Page tables below, all else above; where the file has both, the lower address is no header's.
    status, said, events = recorded(folder, machine, *ranges, "-a", hex(above + HEADER_AT))
    assert status == 0, said
    assert len(events) == 1


@pytest.mark.parametrize("before", [(), (0,), (0, 1, 9), range(HEADER_AT // PAGE)])
def test_a_ring_behind_holes_in_ram(folder, before):
    """Pages that are in the file in front of the header's, none of them a header."""
    machine = RingMachine()
    machine.call()
    for page in before:
        machine.ram[page * PAGE] = 1
    status, said, events = recorded(folder, machine)
    with open(folder / "ram", "rb") as file:
        assert os.lseek(file.fileno(), 0, os.SEEK_DATA) == (before[0] if before else 16) * PAGE
    assert (status, len(events)) == (0, 1), said


def test_nothing_but_holes_behind_some_data(folder):
    machine = RingMachine()
    machine.ram[:] = bytes(len(machine.ram))
    machine.ram[3 * PAGE] = 1
    status, said, _ = recorded(folder, machine)
    assert status != 0 and "there is no ring header in the guest's RAM" in said


def test_records_on_scattered_pages(folder):
    machine = RingMachine(count=256, size=192, moved={1: 0x200000, 3: 0x120000, 5: 0x300000})
    for _ in range(256):
        machine.call(more=b"x" * 128)
    status, said, events = recorded(folder, machine)
    assert status == 0, said
    assert sequences(events) == list(range(256))


def test_a_guest_that_is_reset_begins_anew(folder):
    machine = RingMachine(count=64)
    for _ in range(20):
        machine.call()
    recorder = Recorder(folder, machine)
    recorder.wait_for(20)
    at = machine.offset(0, 0)
    machine.ram[at : at + machine.records_bytes] = bytes(machine.records_bytes)
    machine.claimed = [0]
    machine.write_counters()
    machine.call()
    recorder.wait_for(21)
    _, _, events = recorder.finish()
    assert sequences(events) == [*range(20), 0]


@pytest.mark.parametrize("rings", (1, 2))
def test_nothing_is_lost_uncounted_while_the_ring_runs(folder, rings):
    machine = RingMachine(rings=rings, count=64)
    machine.call(0)
    recorder = Recorder(folder, machine)
    randomness, deadline, bursts = random.Random(rings), time.monotonic() + SECONDS, 0
    while bursts < 2000 or recorder.records() <= ENOUGH:
        assert time.monotonic() < deadline
        for _ in range(100):
            for _ in range(randomness.choice((1, 5, 20, 90))):
                machine.call(randomness.randrange(rings))
            time.sleep(randomness.choice((0, 0, 0.001)))
        bursts += 100
    _, said, events = recorder.finish()
    assert lost(events) + len(events) == sum(machine.claimed)
    for ring in range(rings):
        seen = Counter(sequences(events, ring))
        assert not seen or max(seen.values()) == 1
    assert len(events) > ENOUGH and f"{len(events)} calls recorded, {lost(events)} lost" in said


def test_a_copy_of_the_header_is_not_the_ring(folder):
    """As an image that lies in RAM as a module has one."""
    machine = RingMachine()
    machine.call()
    machine.ram[PAGE : PAGE + 128] = machine.header.pack()
    _, _, events = recorded(folder, machine)
    assert len(events) == 1


def test_a_disk_that_is_full():
    with subprocess.Popen(
        [RECORD, "-o", "/dev/full", "/dev/null"], stderr=subprocess.PIPE, text=True
    ) as process:
        _, said = process.communicate(timeout=SECONDS)
    assert process.returncode == 3 and said.count("\n") == 1
