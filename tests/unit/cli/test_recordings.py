# SPDX-License-Identifier: BSD-3-Clause
"""A recording is shown by C as its events are shown by sinks: the same, byte for byte."""

import json
import os
import random
import re
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acrn_trace.cli.launcher import main
from acrn_trace.guest.site import Site
from acrn_trace.rings.format import (
    CALLED,
    CAPTURED_IN,
    CAPTURED_OUT,
    CHANGED,
    FAULTED,
    RETURNED,
)
from acrn_trace.rings.preamble import preamble
from acrn_trace.tables.knowledge import acrn
from helpers.make.blocks import HEAD, MORE, end_block, loss_block, records_block, rings_block, wide
from helpers.make.random_records import RandomRecords
from helpers.make.ring import SITE, RingMachine, record
from helpers.reporting import reported

LONG = os.environ.get("ACRN_CHECK_LONG")
ACRN = acrn()
OPTIONS = ([], ["-v"], ["-r"], ["-tt"], ["-f", "jsonl"], ["-c"], ["-C", "-q"])
FILTERED = (["-e", "status=failed"], ["-e", "vcpu=!0", "-e", "trace=/vm,%irq"], ["-e", "site=main"])
FILTERED += (["-e", "finding=clobber,number"], ["-e", "finding=!any", "-e", "status=failed"])


def shown(folder, data, in_c, *options):
    return reported(ACRN, folder, data, in_c, *options)


def assert_same(folder, data, *options):
    text, said = shown(folder, data, True, *options)
    assert (text, said) == shown(folder, data, False, *options)
    return text


LOSSES = re.compile("!! (ring [0-9]+ lost|the guest's time-stamp counter has) .*\n")


@pytest.mark.parametrize("seed", range(100 if LONG else 9))
def test_recordings_of_any_records(tmp_path, seed):
    """Times that are as long as they may be are no sums of floating point: not summed here."""
    source = RandomRecords(seed)
    data = source.recording()
    if seed % 3 == 2:
        data = source.damaged(data)
    for options in OPTIONS[:5]:
        assert_same(tmp_path, data, *options)
    for options in FILTERED:  # what is lost is said with a call that is shown
        shown_calls = [shown(tmp_path, data, way, *options) for way in (True, False)]
        first, second = (LOSSES.sub("", text) for text, _ in shown_calls)
        assert first == second and shown_calls[0][1] == shown_calls[1][1]


NUMBERS = [entry.number for entry in ACRN.table] + [0x99, 0x800000FE]
VALUES = st.one_of(
    st.sampled_from([0, 1, 2, 5, 0xFFFF, 0x10000, (1 << 64) - 1, 0x1_0000_0002]),
    st.integers(0, (1 << 64) - 1),
)
CALLS = st.fixed_dictionaries(
    {
        "state": st.sampled_from([RETURNED] * 8 + [CALLED]),
        "entry": st.integers(10**9, 10**9 + 10**5) | st.integers(0, (1 << 64) - 1),
        "spent": st.integers(0, 10**6) | st.integers(-(10**3), 1 << 40),
        "number": st.sampled_from(NUMBERS[:4]) | st.sampled_from(NUMBERS),
        "args": st.tuples(VALUES, VALUES),
        "result": st.sampled_from([0, 0, -22, -25, -1, 7, 1 << 40]),
        "vcpu": st.sampled_from([0, 1, 0xFFFF]),
        "flags": st.sampled_from([0, 1, 2, 2, 2, 2 | FAULTED, 2 | CAPTURED_IN, 2 | CHANGED]),
        "more": st.sampled_from([bytes(128), bytes([24, 0] + [7] * 126)]),
    }
)


def _wrapped(call, sequence):
    leave = min(max(call["entry"] + call["spent"], 0), (1 << 64) - 1)
    return record(sequence, **{**call, "spent": leave - call["entry"]})


@settings(max_examples=1000 if LONG else 60, deadline=None)
@given(st.lists(CALLS, min_size=1, max_size=30), st.integers(1, 3), st.sampled_from(OPTIONS))
def test_recordings_of_calls_that_are_alike(tmp_path_factory, calls, copies, options):
    folder = tmp_path_factory.mktemp("alike")
    data, number = HEAD, 0
    for _ in range(copies):
        for start in range(0, len(calls), 7):
            number += 1
            raw = b"".join(_wrapped(call, n) for n, call in enumerate(calls[start : start + 7]))
            data += records_block(raw, number % 2, number=number // 2)
            data += loss_block(number) if number % 5 == 0 else b""
    assert_same(folder, data, *options)


def test_rings_are_merged(tmp_path):
    """Calls that are all alike, so that the order is the C code's."""
    data, randomness = HEAD, random.Random(3)
    for number in range(5):
        for ring in (0, 1):
            times = sorted(randomness.sample(range(10**6), 40))
            calls = [wide(n, entry=10**9 + time * 1000) for n, time in enumerate(times)]
            data += records_block(b"".join(calls), ring, number=number)
    assert assert_same(tmp_path, data).count("start_vm(") == 400


ROOM = 64
CAPTURING = {"capture_offset": 64, "capture_bytes": ROOM, "changed_offset": 200, "changed_slots": 4}
CAPTURING_HEADER = RingMachine(rings=2, size=320, more=CAPTURING).header
CAPTURING_HEAD = preamble(ACRN.table, []) + rings_block(CAPTURING_HEADER)
POINTING = [entry.number for entry in ACRN.table if any(a.kind == "PTR" for a in entry.arguments)]
IN_AND_OUT = CAPTURED_IN | CAPTURED_OUT


def captured(sequence, number, before, after, flags=IN_AND_OUT, **fields):
    """A record with a structure, and whatever was left behind it by calls before."""
    sizes = struct.pack("<HHxxxx", len(before), len(after))
    rest = [os.urandom(ROOM - len(half)) for half in (before, after)]
    more = sizes + before + rest[0] + after + rest[1] + os.urandom(120)
    return record(sequence, number=number, flags=2 | flags, more=more, **fields)


def words(randomness, size):
    """Fields of all widths: zeros, small numbers, names, large ones."""
    data = b""
    while len(data) < size:
        value = randomness.choice((0, 0, 1, 2, 7, 0xFFFF, randomness.getrandbits(64)))
        data += value.to_bytes(8, "little")[: randomness.choice((2, 4, 8))]
    return data[:size]


def with_other_numbers(randomness, data):
    """Some of its numbers replaced: by other ones, and now and then by 0."""
    other = bytearray(data)
    for at in range(0, len(data) - 1, 2):
        if randomness.random() < 0.3:
            other[at : at + 2] = randomness.choice((bytes(2), randomness.randbytes(2)))
    return bytes(other)


@settings(max_examples=1000 if LONG else 40, deadline=None)
@given(
    st.lists(st.sampled_from(POINTING), min_size=1, max_size=3),
    st.sampled_from((CAPTURED_IN, CAPTURED_OUT, IN_AND_OUT, IN_AND_OUT)),
    st.sampled_from((5, 8, 24, 40, ROOM)),
    st.sampled_from(OPTIONS),
    st.integers(0, 1 << 32),
)
def test_structures_at_both_ends(tmp_path_factory, numbers, flags, size, options, seed):
    """Fields that are alike at both ends, or not, and 0, or not, in calls that come again."""
    randomness, folder = random.Random(seed), tmp_path_factory.mktemp("captured")
    calls = []
    for number in numbers:
        before = words(randomness, size)
        for _ in range(12):
            after = with_other_numbers(randomness, before)
            same = randomness.random() < 0.3
            for out in (before if same else after, after):
                args = (randomness.choice((1, 2)), 0x5000)
                calls.append(captured(len(calls), number, before, out, flags, args=args))
            if randomness.random() < 0.7:
                before = with_other_numbers(randomness, before)
    data = CAPTURING_HEAD + records_block(b"".join(calls * 2))
    assert_same(folder, data, *options)


@pytest.mark.parametrize("first", (0, 0xFFFC, 0xFFFF_FFFC))
def test_every_call(tmp_path, first):
    """Small arguments, which are names as often as numbers, after others of the same call."""
    calls = []
    for number in NUMBERS:
        for value in (1 << 20, 1 << 40, *range(first, first + 8)):
            calls += [wide(len(calls), number=number, args=(value, value), flags=2)] * 2
    data = HEAD + records_block(b"".join(calls))
    assert_same(tmp_path, data)


@pytest.mark.parametrize("options", ([], ["-v"]), ids=" ".join)
def test_wrong_arguments(tmp_path, options):
    """Bits that ACRN does not read, beside right ones, and structures at odd addresses."""
    calls = []
    for n in range(1000):
        unread = (n % 3) * 0xDEAD0000
        address = 0x400000 + 8 * n + (0, 2, 4)[n % 3] if n % 7 else 0
        version = struct.pack("<II", n + 2, 1)
        calls.append(captured(n, 0x80000000, b"", version, CAPTURED_OUT, args=(address, 0)))
        calls.append(captured(n, 0x80000031, b"", b"", 0, args=(unread | n + 2, unread * 4 | n)))
    data = CAPTURING_HEAD + records_block(b"".join(calls))
    text = assert_same(tmp_path, data, *options)
    assert text.count("!! notify_request_finish reads 16 bits") == 1332
    assert text.count("version=0x0 {") == 143


def test_lines_and_records_as_long_as_they_may_be(tmp_path):
    """More text than the C code has room for at once."""
    place = Site(SITE, None, "/src/" + "x" * 30000, 12, "main")
    header = RingMachine(size=4096, more=MORE).header
    data = preamble(ACRN.table, [place]) + rings_block(header)
    for number in range(2):
        raw = b"".join(
            record(n, flags=1 | CAPTURED_IN * (n % 2), more=bytes(4032)) for n in range(100)
        )
        data += records_block(raw, number=number)
    assert len(assert_same(tmp_path, data)) > 200 * 30000


def lost(folder, *options):
    """A loss in front of a call that did not fail, then one that did, and a loss behind it."""
    data = HEAD + loss_block(5) + records_block(wide(5) + wide(6, result=-22) + wide(7))
    data += loss_block(2, why=2, first=8) + end_block(3)
    return shown(folder, data, True, *options)[0].splitlines()


def test_what_was_lost_is_said_with_a_call_that_is_shown(tmp_path):
    first, second = "!! ring 0 lost 5 calls (0 to 4)", "!! ring 0 lost 2 calls (8 to 9)"
    assert [line.split(":")[0] for line in lost(tmp_path, "-q") if line[0] == "!"] == [
        first,
        second,
    ]
    _, *found = lost(tmp_path, "-q", "-e", "status=failed")
    assert [line.split(":")[0] for line in found] == [first, second]


def test_a_recording_of_no_calls_is_told_of_and_of_its_clock_nothing(tmp_path, capsys):
    for hz in (0, 10**9):
        assert shown(tmp_path, preamble(ACRN.table, []) + rings_block(hz=hz), True) == ("", None)
        said = capsys.readouterr().err
        assert said == f"acrn-trace: {tmp_path / 't.trace'} is a recording of no calls\n"
    lost_all = preamble(ACRN.table, []) + rings_block(hz=0) + loss_block(5)
    told = "there is no call in the recording: ring 0 lost 5 calls (0 to 4): overwritten before"
    assert shown(tmp_path, lost_all, True)[1].startswith(told)


@pytest.mark.parametrize(
    "expression, said",
    [
        ("finding=lost", {5: [5], 8: [2]}),
        ("finding=clobber,lost", {5: [5], 8: [2]}),
        ("finding=!lost", {6: [], 7: []}),
        ("finding=!any", {6: [], 7: []}),
        ("finding=!clobber", {5: [5], 6: [], 7: [], 8: [2]}),
    ],
)
def test_a_call_is_shown_for_a_loss_before_it_or_left_out(tmp_path, expression, said):
    """A loss is said with no other call where its own is left out for it."""
    passes = ([wide(5), wide(6)], [wide(7)], [wide(8)])
    data = HEAD + loss_block(5)
    for number, records in enumerate(passes, 1):
        data += records_block(b"".join(records), number=number)
    data += loss_block(2, why=2, first=8)  # before the last pass is shown
    lines = shown(tmp_path, data, True, "-f", "jsonl", "-e", expression)[0].splitlines()
    events = [json.loads(line) for line in lines]
    texts = {event["sequence"]: [one["text"] for one in event["findings"]] for event in events}
    counts = {call: [int(text.split()[3]) for text in texts[call]] for call in texts}
    assert counts == said


def test_what_was_lost_is_said_where_no_call_is_shown(tmp_path, capsys):
    assert lost(tmp_path, "-e", "vcpu=!0") == []
    said = capsys.readouterr().err.splitlines()
    assert [line.split(":")[1] for line in said] == [
        " ring 0 lost 5 calls (0 to 4)",
        " ring 0 lost 2 calls (8 to 9)",
    ]


@pytest.mark.parametrize("kind, calls", [("failed", [5, 7]), ("unfinished", [6])])
def test_a_recording_can_be_asked_to_fail_for_how_a_call_ended(tmp_path, kind, calls):
    recording = tmp_path / "recording"
    records = [wide(5, result=-22), wide(6, state=CALLED), wide(7, flags=2 | FAULTED), wide(8)]
    for number, raw in enumerate(records, 5):
        recording.write_bytes(HEAD + records_block(raw))
        status = main(["report", "-o", str(tmp_path / "out"), "--fail-on", kind, str(recording)])
        assert status == (number in calls), number
