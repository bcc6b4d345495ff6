# SPDX-License-Identifier: BSD-3-Clause
"""A recording is shown the quick way (quicktext.py) as the slow one: the same text."""

import ctypes
import mmap
import os
import random
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acrn_trace.files import quicktext
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
from helpers.make.blocks import HEAD, MORE, loss_block, records_block, rings_block, wide
from helpers.make.ring import HZ, SITE, RingMachine, record
from helpers.reporting import reported

LONG = os.environ.get("ACRN_CHECK_LONG")
ACRN = acrn()
OPTIONS = ([], [], ["-v"], ["-r"], ["-t"])


def shown(folder, data, quick, *options):
    return reported(ACRN, folder, data, quick, *options)


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
def test_the_quick_text_is_the_slow_text(tmp_path_factory, calls, copies, options):
    folder = tmp_path_factory.mktemp("quick")
    data, number = HEAD, 0
    for _ in range(copies):
        for start in range(0, len(calls), 7):
            number += 1
            raw = b"".join(_wrapped(call, n) for n, call in enumerate(calls[start : start + 7]))
            data += records_block(raw, number % 2, number=number // 2)
            data += loss_block(number) if number % 5 == 0 else b""
    assert shown(folder, data, True, *options) == shown(folder, data, False, *options)


def test_the_quick_text_of_rings_merged(tmp_path):
    """Calls that are all alike, so that the order is the C code's."""
    data, randomness = HEAD, random.Random(3)
    for number in range(5):
        for ring in (0, 1):
            times = sorted(randomness.sample(range(10**6), 40))
            calls = [wide(n, entry=10**9 + time * 1000) for n, time in enumerate(times)]
            data += records_block(b"".join(calls), ring, number=number)
    text, _ = shown(tmp_path, data, True)
    assert text == shown(tmp_path, data, False)[0] and text.count("start_vm(") == 400


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
def test_the_quick_text_of_structures(tmp_path_factory, numbers, flags, size, options, seed):
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
    assert shown(folder, data, True, *options) == shown(folder, data, False, *options)


@pytest.mark.parametrize("options", ([], ["-r"], ["-t"]), ids=" ".join)
def test_structures_with_any_numbers_are_shown_the_quick_way(tmp_path, monkeypatch, options):
    """What is behind them in the record is of other calls, and does not count."""
    from acrn_trace.rings.events import RecordDecoder

    made, event = [], RecordDecoder.event
    randomness, calls = random.Random(4), []
    for n in range(1000):  # inject_msi, set_memory_regions, vm_gpa2hpa
        address = struct.pack("<Q", randomness.getrandbits(64) | 1)
        regions = struct.pack("<HHHHI4xQ", 3, 0, 0, 0, randomness.getrandbits(31) + 1, n << 12 | 4)
        calls.append(captured(n, 0x80000023, address * 2, b"", CAPTURED_IN))
        calls.append(captured(n, 0x80000042, regions, b"", CAPTURED_IN))
        calls.append(captured(n, 0x80000041, address + bytes(8), address * 2))
    data = CAPTURING_HEAD + records_block(b"".join(calls))
    monkeypatch.setattr(RecordDecoder, "event", lambda *args: made.append(1) or event(*args))
    text, _ = shown(tmp_path, data, True, *options)
    assert len(made) < 40 and text.count("msi_addr=") == 1000
    assert text == shown(tmp_path, data, False, *options)[0]


@pytest.mark.parametrize("first", (0, 0xFFFC, 0xFFFF_FFFC))
def test_the_quick_text_of_every_call(tmp_path, first):
    """Small arguments, which are names as often as numbers, after others of the same call."""
    calls = []
    for number in NUMBERS:
        for value in (1 << 20, 1 << 40, *range(first, first + 8)):
            calls += [wide(len(calls), number=number, args=(value, value), flags=2)] * 2
    data = HEAD + records_block(b"".join(calls))
    assert shown(tmp_path, data, True) == shown(tmp_path, data, False)


def test_most_calls_are_shown_the_quick_way(tmp_path, monkeypatch):
    """Else all of it is in vain: no event is made for calls like those before."""
    data = HEAD
    for number in range(10):
        calls = [
            wide(n, number=0x80000025, args=(n, n * 977), flags=2, entry=10**9 + 64 * number + n)
            for n in range(64)
        ]
        data += records_block(b"".join(calls), number=number)
    made = []
    from acrn_trace.rings.events import RecordDecoder

    event = RecordDecoder.event
    monkeypatch.setattr(RecordDecoder, "event", lambda *args: made.append(1) or event(*args))
    text, _ = shown(tmp_path, data, True)
    assert text.count("set_irqline(") == 640 and len(made) < 10


@pytest.mark.parametrize("options", ([], ["-v"]), ids=" ".join)
def test_wrong_arguments_are_shown_the_quick_way_as_well(tmp_path, monkeypatch, options):
    """Bits that ACRN does not read, beside right ones, and structures at odd addresses."""
    from acrn_trace.rings.events import RecordDecoder

    made, event, calls = [], RecordDecoder.event, []
    for n in range(1000):
        unread = (n % 3) * 0xDEAD0000
        address = 0x400000 + 8 * n + (0, 2, 4)[n % 3] if n % 7 else 0
        version = struct.pack("<II", n + 2, 1)
        calls.append(captured(n, 0x80000000, b"", version, CAPTURED_OUT, args=(address, 0)))
        calls.append(captured(n, 0x80000031, b"", b"", 0, args=(unread | n + 2, unread * 4 | n)))
    data = CAPTURING_HEAD + records_block(b"".join(calls))
    monkeypatch.setattr(RecordDecoder, "event", lambda *args: made.append(1) or event(*args))
    text, _ = shown(tmp_path, data, True, *options)
    assert len(made) < 200 and text.count("!! notify_request_finish reads 16 bits") == 1332
    assert text.count("version=0x0 {") == 143
    assert text == shown(tmp_path, data, False, *options)[0]


def test_lines_and_records_as_long_as_they_may_be(tmp_path):
    """More text than the C code has room for at once, and more record than it compares."""
    place = Site(SITE, None, "/src/" + "x" * 30000, 12, "main")
    header = RingMachine(size=4096, more=MORE).header
    data = preamble(ACRN.table, [place]) + rings_block(header)
    for number in range(2):
        raw = b"".join(
            record(n, flags=1 | CAPTURED_IN * (n % 2), more=bytes(4032)) for n in range(100)
        )
        data += records_block(raw, number=number)
    text, said = shown(tmp_path, data, True)
    assert (text, said) == shown(tmp_path, data, False) and len(text) > 200 * 30000


def in_front_of_nothing(data):
    """Where a copy of it is whose last byte is the last that can be read."""
    memory = mmap.mmap(-1, 2 * mmap.PAGESIZE)
    start = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    libc = ctypes.CDLL(None, use_errno=True)
    guard = ctypes.c_void_p(start + mmap.PAGESIZE)
    assert libc.mprotect(guard, ctypes.c_size_t(mmap.PAGESIZE), 0) == 0
    memory[mmap.PAGESIZE - len(data) : mmap.PAGESIZE] = data
    return memory, ctypes.c_char_p(start + mmap.PAGESIZE - len(data))


PIECE = struct.Struct("<BxHI")
FIELD = struct.Struct("<HBBHxx")


def with_layout(record_size=192, fields=FIELD.pack(32, 0, 64, 0)):
    """The library, and a report for records of which the first argument is a field."""
    code = quicktext.library()
    assert code
    report = code.report_new(HZ, record_size, 0)
    mask = bytes(48) + b"\xff" * (record_size - 48)
    assert code.report_layout(report, wide(0), mask, fields, len(fields) // FIELD.size) == 0
    return code, report


@pytest.mark.parametrize(
    "template",
    [
        PIECE.pack(0, 0, 4) + b"abc",
        PIECE.pack(0, 0, 0xFFFFFFFF) + b"abc",
        PIECE.pack(0, 0, 0)[:7],
        PIECE.pack(0, 0, 3) + b"abc" + PIECE.pack(0, 0, 1),
        PIECE.pack(99, 0, 3) + b"abc",
        PIECE.pack(3, 1, 3) + b"abc",
        PIECE.pack(4, 0xFFFF, 3) + b"abc",
    ],
)
def test_pieces_that_are_not_whole_are_refused(template):
    code, report = with_layout()
    whole = PIECE.pack(3, 0, 3) + b"abc"
    memory, address = in_front_of_nothing(template)
    assert code.report_learn(report, wide(0), address, len(template)) != 0
    assert code.report_learn(report, wide(0, number=5), whole, len(whole)) != 0
    assert code.report_learn(report, wide(0), whole, len(whole)) == 0
    code.report_free(report)


@pytest.mark.parametrize(
    "field", [(185, 0, 64, 0), (32, 0, 0, 0), (32, 1, 64, 0), (32, 0, 64, 1), (0xFFFF, 0, 64, 0)]
)
def test_fields_that_are_not_in_the_record_are_refused(field):
    code, report = with_layout()
    mask = b"\xff" * 192
    assert code.report_layout(report, wide(0, number=5), mask, FIELD.pack(*field), 1) != 0
    assert code.report_layout(report, wide(0, number=5), mask, FIELD.pack(184, 0, 64, 0), 1) == 0
    code.report_free(report)


def test_text_ends_where_the_room_does():
    code, report = with_layout()
    raw, literal = wide(0), b"x" * 40000
    template = PIECE.pack(0, 0, len(literal)) + literal
    assert code.report_learn(report, raw, template, len(template)) == 0
    records = ctypes.create_string_buffer(raw * 8, 8 * len(raw))
    start = ctypes.addressof(records)
    cursors = (quicktext._Cursor * 1)((start, start + 8 * len(raw)))
    text = ctypes.create_string_buffer(8 * len(literal))
    why, which = ctypes.c_uint32(9), ctypes.c_uint32(9)
    size = code.report_run(report, cursors, 1, text, 100_000, why, which)
    assert (size, why.value) == (40000, 1)
    code.report_free(report)
