# SPDX-License-Identifier: BSD-3-Clause
"""The ring's reader: what it makes of rings that are well, in motion, and hostile."""

import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acrn_trace.rings.events import RecordDecoder
from acrn_trace.rings.follower import RingFollower
from acrn_trace.rings.format import (
    CALLED,
    CAPTURED_IN,
    CAPTURED_OUT,
    CHANGED,
    FAULTED,
    RETURNING,
    RETURNED,
    STOPS,
    WRITING,
    NotARing,
    RingHeader,
)
from acrn_trace.rings.preamble import preamble
from acrn_trace.rings.reader import Rings
from acrn_trace.rings.recording import recorded_events
from acrn_trace.rings.ring_contents import RingContents
from acrn_trace.tables.calls import CallTable
from acrn_trace.tables.knowledge import acrn
from helpers.make.ring import HZ, RingMachine, record

LONG = os.environ.get("ACRN_CHECK_LONG")
VIRTUAL = 0xFFFFFFFF80400000
ACRN = acrn()


class Following:
    """A follower and the file that it makes."""

    def __init__(self, machine):
        self.file = open(os.memfd_create("trace"), "w+b")
        self.file.write(preamble(CallTable(), []))
        self.file.flush()
        self.follower = RingFollower(Rings(machine.read, VIRTUAL), self.file.fileno(), HZ, 1)
        self.read = self.follower.read

    def events(self):
        records, lost_calls = self.follower.end()
        with self.file:
            self.file.seek(0)
            found = list(recorded_events(self.file, "test", ACRN))
        assert (records, lost_calls) == (len(found), lost(found))
        return found


def events_of(machine):
    following = Following(machine)
    following.read()
    return following.events()


def lost(events):
    texts = [f.text for event in events for f in event.findings if f.kind == "lost"]
    return sum(int(text.split(" lost ")[1].split()[0]) for text in texts)


def event_of(machine, **fields):
    machine.call(**fields)
    rings = Rings(machine.read, VIRTUAL)
    *_, kept = RingContents(rings)
    return RecordDecoder(ACRN, rings.header, {}, HZ).event(kept.raw, kept.ring, 0)


def test_calls_of_all_rings_by_time_and_by_ring():
    machine = RingMachine(rings=2, count=4)
    for number in range(20):
        machine.call(number % 2, entry=10**9 + number)
    kept = RingContents(Rings(machine.read, VIRTUAL), by_time=True)
    assert [one.entry - 10**9 for one in kept] == [12, 13, 14, 15, 16, 17, 18, 19]
    by_ring = RingContents(Rings(machine.read, VIRTUAL))
    assert [one.entry - 10**9 for one in by_ring] == [12, 14, 16, 18, 13, 15, 17, 19]


def test_records_that_are_not_whole_are_left_out_or_marked():
    machine = RingMachine(count=8)
    for state in (RETURNED, CALLED, WRITING, RETURNING):
        machine.call(state=state)
    contents = RingContents(Rings(machine.read, VIRTUAL))
    assert [one.sequence for one in contents] == [0, 1, 3]
    (tally,) = contents.tallies()
    assert (tally.kept, tally.torn, tally.torn_sequences) == (3, 1, [2])
    events = events_of(machine)
    assert {e.more["sequence"]: e.status for e in events} == {
        0: "returned",
        1: "unfinished",
        3: "unfinished",
    }
    assert lost(events) == 1


@settings(max_examples=200 if LONG else 30, deadline=None)
@given(st.integers(1, 3), st.integers(0, 1), st.randoms(use_true_random=False))
def test_every_call_is_in_the_file_once_or_counted(rings, stops, randomness):
    machine = RingMachine(rings=rings, count=8, mode=stops * STOPS)
    machine.call(0)
    following, in_flight = Following(machine), []
    for _ in range(40):
        for _ in range(randomness.choice((0, 1, 3, 12))):
            ring, state = randomness.randrange(rings), randomness.choice(
                (RETURNED, CALLED, WRITING)
            )
            in_flight.append((ring, machine.call(ring, state=state)))
        following.read()
        for ring, sequence in [call for call in in_flight if randomness.random() < 0.5]:
            in_flight.remove((ring, sequence))
            if sequence >= machine.claimed[ring] - 8 and sequence < machine.limit[ring]:
                machine.write(ring, sequence, record(sequence))
    events = following.events()
    assert len(events) + lost(events) == sum(machine.claimed)
    assert len({(e.more["ring"], e.more["sequence"]) for e in events}) == len(events)


def test_a_call_that_is_overwritten_in_flight():
    machine = RingMachine(count=8)
    machine.call(state=CALLED)
    following = Following(machine)
    following.read()
    for _ in range(8):
        machine.call()
    following.read()
    assert [(e.more["sequence"], e.status) for e in following.events()][0] == (0, "unknown")


LIES = {
    "magic": (0, 1),
    "version": (0, 2),
    "header_size": (0, 120, 129, 4104, 0xFFFFFFF8),
    "ring_size": (0, 56, 65, 8192),
    "ring_count": (0, 257, 0xFFFFFFFF),
    "record_size": (0, 32, 72, 4160, 0xFFFFFFC0),
    "record_count": (0, 3, 1 << 25),
    "capture_offset": (8, 63, 64, 65),
    "changed_offset": (8, 64, 0xFFF8),
}


@pytest.mark.parametrize("field, value", [(f, v) for f in LIES for v in LIES[f]])
def test_a_header_that_cannot_be_right_is_refused(field, value):
    with pytest.raises(NotARing):
        Rings(RingMachine(more={field: value}).read, VIRTUAL)


def test_a_record_that_is_newer_than_the_counter():
    machine = RingMachine(count=16)
    for _ in range(16):
        machine.call()
    machine.write(0, 19, record(19))
    events = events_of(machine)
    assert [e.more["sequence"] for e in events] == [n for n in range(16) if n != 3]
    assert lost(events) == 1
    assert "overwritten" in events[0].findings[0].text


def test_calls_are_in_the_file_when_their_number_is_read_on():
    """Wrap-around: the slots of one reading lie at both ends of the ring."""
    machine = RingMachine(count=8)
    following = Following(machine)
    for _ in range(5):
        for _ in range(5):
            machine.call()
        following.read()
    events = following.events()
    assert [e.more["sequence"] for e in events] == list(range(25)) and not lost(events)


def capture(in_data, out_data, room):
    sizes = len(in_data).to_bytes(2, "little") + len(out_data).to_bytes(2, "little") + bytes(4)
    return sizes + in_data.ljust(room, b"?") + out_data.ljust(room, b"?")


def test_captured_bytes_are_decoded_as_of_then():
    room = 64
    more = {"capture_offset": 64, "capture_bytes": room}
    machine = RingMachine(size=256, more=more)
    call = {"number": 0x80000010, "args": (0x5000, 0), "flags": 1 | CAPTURED_IN | CAPTURED_OUT}
    before = b"\xff\xff" + b"\0" * 6 + b"vm1\0"
    after = b"\x01\x00" + b"\0" * 6 + b"vm1\0"
    event = event_of(machine, **call, more=capture(before, after, room))
    assert event.decoded["vm"]["vmid"] == {"in": 65535, "out": 1}
    # The name has 16 bytes and only 4 were captured: what is not whole is not shown.
    assert "name" not in event.decoded["vm"]
    call["flags"] = 1
    assert event_of(machine, **call, more=capture(before, after, room)).decoded == {"vm": "0x5000"}


def test_what_the_flags_do_not_announce_was_not_captured():
    more = {"capture_offset": 64, "capture_bytes": 64}
    machine = RingMachine(size=256, more=more)
    call = {"number": 0x80000010, "args": (0x5000, 0), "more": capture(b"\1\0", b"\2\0", 64)}
    assert event_of(machine, **call, flags=1 | CAPTURED_IN).decoded == {"vm": {"vmid": 1}}
    assert event_of(machine, **call, flags=1 | CAPTURED_OUT).decoded == {"vm": {"vmid": 2}}


def test_the_sizes_of_a_capture_may_lie():
    more = {"capture_offset": 64, "capture_bytes": 24}
    machine = RingMachine(size=128, more=more)
    call = {"number": 0x80000010, "args": (0x5000, 0), "flags": 1 | CAPTURED_IN}
    event = event_of(machine, **call, more=b"\xff" * 64)
    assert event.decoded["vm"]["vmid"] == 0xFFFF


def test_changed_registers_are_findings():
    machine = RingMachine(size=128, more={"changed_offset": 64, "changed_slots": 2})
    registers = 1 << 3 | 1 << 15 | 1 << 16
    values = b"".join(value.to_bytes(8, "little") for value in (1, 2, 3, 4))
    more = registers.to_bytes(8, "little") + values
    event = event_of(machine, flags=1 | CHANGED, more=more)
    assert event.clobbered == {"rbx": (1, 2), "r15": (3, 4)}
    assert [finding.kind for finding in event.findings] == ["clobber", "clobber"]
    assert event_of(machine, flags=1, more=more).clobbered == {}


def test_a_faulted_call_has_no_result():
    event = event_of(RingMachine(), flags=1 | FAULTED, result=5)
    assert (event.status, event.ret, event.failed) == ("faulted", None, True)


def test_arguments_that_were_not_passed_mean_nothing():
    event = event_of(RingMachine(), number=0x80000025, args=(1, 99), flags=1)
    assert event.args == (1, 0) and event.decoded == {"vmid": 1}


FIELDS = list(RingHeader._fields)


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("value", (0, 1, 7, 0x7FFFFFFF, 0xFFFFFFFF))
def test_any_header_field_may_lie(field, value):
    """Refused in a sentence, or read without a crash."""
    width = 0xFFFF if field.startswith(("capture", "changed")) else 0xFFFFFFFF
    machine = RingMachine(more={field: value & width})
    machine.call()
    try:
        rings = Rings(lambda address, size: bytes(size) if size < 1 << 21 else b"", VIRTUAL)
    except NotARing:
        pass
    try:
        rings = Rings(machine.read, VIRTUAL)
    except NotARing as fault:
        assert str(fault)
        return
    decoder = RecordDecoder(ACRN, rings.header, {}, HZ)
    ram = bytes(machine.ram)
    endless = Rings(lambda _, size: (ram * (size // len(ram) + 1))[:size], VIRTUAL, rings.header)
    if rings.header.ring_count * rings.header.record_count < 1 << 12:
        for kept in RingContents(endless):
            decoder.event(kept.raw, kept.ring, 0)


def test_a_loss_of_all_rings_together_may_be_any():
    claimed = (1 << 64) - 1
    machine = RingMachine(rings=2)
    machine.claimed = [claimed, claimed]
    machine.write_counters()
    following = Following(machine)
    following.read()
    assert following.follower.end() == (0, claimed)
