# SPDX-License-Identifier: BSD-3-Clause
"""The binary trace file: read back, read damaged, and shown the quick way as the slow one."""

import argparse
import ctypes
import io
import mmap
import os
import random
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reporting import reported
from ring_builder import HZ, SITE, RingMachine, record

from acrn_trace.traces import blocks, offline, quicktext
from acrn_trace.tables.calltable import CallTable
from acrn_trace.errors import TraceError
from acrn_trace.tables.knowledge import acrn
from acrn_trace.options import add_knowledge_options, add_trace_options
from acrn_trace.traces.preamble import preamble
from acrn_trace.traces.recording import Recording, recorded_events
from acrn_trace.rings.ringformat import CALLED, CAPTURED_IN, CHANGED, FAULTED, RETURNED
from acrn_trace.sites import Site
from acrn_trace.traces.tracefile import read_events

LONG = os.environ.get("ACRN_CHECK_LONG")
ACRN = acrn()
MORE = {"capture_offset": 64, "capture_bytes": 24, "changed_offset": 120, "changed_slots": 4}
WIDE = RingMachine(rings=2, size=192, more=MORE).header
PLACE = Site(SITE, None, "/src/a.c", 12, "main")


def rings_block(header=WIDE, hz=HZ):
    return blocks.block(blocks.RINGS, struct.pack("<QII", hz, 1, 0) + header.pack())


def records_block(raw, ring=0, flags=0, number=1):
    return blocks.block(blocks.RECORDS, struct.pack("<IIQ", ring, flags, number) + raw)


def loss_block(count, ring=0, why=1, first=0):
    return blocks.block(blocks.LOSS, struct.pack("<IIQQ", ring, why, first, count))


def end_block(records, lost=0):
    return blocks.block(blocks.END, struct.pack("<QQ", records, lost))


HEAD = preamble(ACRN.table, [PLACE]) + rings_block()
SHORT_HEAD = preamble(CallTable(), []) + rings_block()


def wide(sequence, **fields):
    return record(sequence, **{"more": bytes(128), **fields})


def events_of(data):
    return list(recorded_events(Recording(io.BytesIO(data), "t", ACRN)))


def read_until_damage(data):
    """The events before it, and what is said of it."""
    events = []
    try:
        for event in recorded_events(Recording(io.BytesIO(data), "t", ACRN)):
            events.append(event)
    except TraceError as error:
        return events, str(error)
    return events, None


def shown(folder, data, quick, *options):
    return reported(ACRN, folder, data, quick, *options)


def test_passes_are_merged_by_time_and_one_after_another():
    data = HEAD
    for number, entries in enumerate(([(1, 4), (2, 3)], [(6,), (5, 7)])):
        for ring, times in enumerate(entries):
            raw = b"".join(wide(at, entry=10**9 + at) for at in times)
            data += records_block(raw, ring, number=number)
    sequences = [event.more["sequence"] for event in events_of(data + end_block(7))]
    assert sequences == [1, 2, 3, 4, 5, 6, 7]


def test_sites_and_the_table_come_with_the_file():
    table = CallTable()
    table.load(_def_file := _written_def())
    _def_file.unlink()
    data = preamble(table, [PLACE]) + rings_block() + records_block(wide(0, number=0x800000EE))
    (event,) = events_of(data)
    assert (event.name, event.decoded, str(event.site)) == ("my_call", {"vmid": 1}, "a.c:12 main")


def _written_def():
    import tempfile
    from pathlib import Path

    file = Path(tempfile.mkstemp(suffix=".def")[1])
    file.write_text("HYPERCALL1(0x800000ee, my_call, VMID(vmid))\n")
    return file


def test_losses_are_findings_of_the_next_call_or_of_the_last():
    data = HEAD + loss_block(5) + records_block(wide(5)) + loss_block(2, why=2, first=6)
    (event,) = events_of(data)
    assert [f.text.split(": ")[0] for f in event.findings] == [
        "ring 0 lost 5 calls (0 to 4)",
        "ring 0 lost 2 calls (6 to 7)",
    ]
    assert read_until_damage(HEAD + loss_block(5))[1].startswith(
        "there is no call in the recording"
    )


def test_a_file_cut_anywhere_gives_what_was_before():
    data = SHORT_HEAD + b"".join(records_block(wide(n), number=n) for n in range(20))
    data += end_block(20)
    whole = events_of(data)
    for cut in range(16, len(data), 7):
        events, said = read_until_damage(data[:cut])
        assert events == whole[: len(events)]
        if said:
            assert said.startswith("t is damaged or no trace, at byte ") and "\n" not in said
        assert said or cut in _ends(data)


def _ends(data):
    offsets, at = set(), 0
    while at < len(data):
        at += 16 + int.from_bytes(data[at + 8 : at + 12], "little")
        offsets.add(at)
    return offsets


def test_any_bit_that_is_turned_is_noticed():
    data = SHORT_HEAD + b"".join(records_block(wide(n), number=n) for n in range(3))
    data += end_block(3)
    whole = events_of(data)
    randomness = random.Random(1)
    for _ in range(300):
        at, bit = randomness.randrange(len(data)), 1 << randomness.randrange(8)
        turned = bytearray(data)
        turned[at] ^= bit
        events, said = read_until_damage(bytes(turned))
        assert said and events == whole[: len(events)]


FOREIGN = {
    "no header first": rings_block(),
    "another version": blocks.block(blocks.HEADER, struct.pack("<HHIQ", 9, 16, 0, 0)),
    "another layout": blocks.block(blocks.HEADER, struct.pack("<HHIQ", 1, 16, 0, 0) + b"u8 x\n"),
    "no rings": preamble(ACRN.table, []) + records_block(wide(0)),
    "no whole records": HEAD + records_block(wide(0)[:-8]),
    "a ring too many": HEAD + records_block(wide(0), ring=2),
    "a clock that stands": preamble(ACRN.table, []) + rings_block(hz=1),
    "an end that differs": HEAD + records_block(wide(0)) + end_block(2),
    "a loss of nothing": HEAD + loss_block(0),
    "rings that lie": preamble(ACRN.table, []) + rings_block(WIDE._replace(record_size=1 << 31)),
    "two headers": HEAD + HEAD,
    "a table that is none": preamble(ACRN.table, [])[:16] and HEAD + blocks.block(2, b"no table"),
    "sites that are none": HEAD + blocks.block(blocks.SITES, b"zzz\n"),
}


@pytest.mark.parametrize("what", FOREIGN)
def test_what_cannot_be_right_is_a_sentence_with_its_offset(what):
    _, said = read_until_damage(FOREIGN[what])
    assert "at byte " in said and "\n" not in said


def test_blocks_of_a_newer_writer_are_skipped():
    data = HEAD + blocks.block(99, b"news") + records_block(wide(0))
    assert len(events_of(data)) == 1


def test_a_clock_that_is_not_known_is_said_to_be_so():
    (event,) = events_of(preamble(ACRN.table, []) + rings_block(hz=0) + records_block(wide(0)))
    assert event.findings[0].kind == "clock" and event.time == 1.0


def test_an_event_survives_jsonl(tmp_path):
    data = (
        HEAD
        + records_block(wide(3, result=-22, vcpu=0xFFFF))
        + records_block(wide(4, state=CALLED))
    )
    trace, lines = tmp_path / "t.trace", tmp_path / "t.jsonl"
    trace.write_bytes(data)
    offline.replay([str(trace)], _options("-f", "jsonl", "-o", str(lines)))
    first, second = map(list, (read_events(str(trace)), read_events(str(lines))))
    assert [e.as_json() for e in first] == [e.as_json() for e in second]
    assert first[0].vcpu is None and first[1].status == "unfinished"


def _options(*words):
    parser = argparse.ArgumentParser()
    add_trace_options(parser)
    add_knowledge_options(parser)
    return parser.parse_args(words)


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
@given(st.lists(CALLS, min_size=1, max_size=30), st.integers(1, 3), st.booleans())
def test_the_quick_text_is_the_slow_text(tmp_path_factory, calls, copies, verbose):
    folder = tmp_path_factory.mktemp("quick")
    data, number = HEAD, 0
    for _ in range(copies):
        for start in range(0, len(calls), 7):
            number += 1
            raw = b"".join(_wrapped(call, n) for n, call in enumerate(calls[start : start + 7]))
            data += records_block(raw, number % 2, number=number // 2)
            data += loss_block(number) if number % 5 == 0 else b""
    options = ["-v"] if verbose else []
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
    from acrn_trace.rings.recorded import RecordDecoder

    event = RecordDecoder.event
    monkeypatch.setattr(RecordDecoder, "event", lambda *args: made.append(1) or event(*args))
    text, _ = shown(tmp_path, data, True)
    assert text.count("set_irqline(") == 640 and len(made) < 10


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


PIECE = struct.Struct("<BBBxI")


@pytest.mark.parametrize(
    "template",
    [
        PIECE.pack(0, 1, 0, 4) + b"abc",
        PIECE.pack(0, 1, 0, 0xFFFFFFFF) + b"abc",
        PIECE.pack(0, 1, 0, 0)[:7],
        PIECE.pack(0, 1, 0, 3) + b"abc" + PIECE.pack(0, 1, 0, 1),
        PIECE.pack(99, 1, 0, 3) + b"abc",
        PIECE.pack(0, 0, 0, 3) + b"abc",
        PIECE.pack(0, 65, 0, 3) + b"abc",
        PIECE.pack(0, 1, 64, 3) + b"abc",
    ],
)
def test_pieces_that_are_not_whole_are_refused(template):
    code = quicktext.library()
    assert code
    report = code.report_new(HZ, 192)
    whole = PIECE.pack(0, 1, 0, 3) + b"abc"
    memory, address = in_front_of_nothing(template)
    assert code.report_learn(report, wide(0), address, len(template)) != 0
    assert code.report_learn(report, wide(0), whole, len(whole)) == 0
    code.report_free(report)


def test_text_ends_where_the_room_does():
    code = quicktext.library()
    assert code
    report = code.report_new(HZ, 192)
    raw, literal = wide(0), b"x" * 40000
    template = struct.pack("<BBBxI", 0, 1, 0, len(literal)) + literal
    assert code.report_learn(report, raw, template, len(template)) == 0
    records = ctypes.create_string_buffer(raw * 8, 8 * len(raw))
    start = ctypes.addressof(records)
    cursors = (quicktext._Cursor * 1)((start, start + 8 * len(raw)))
    text = ctypes.create_string_buffer(8 * len(literal))
    why, which = ctypes.c_uint32(9), ctypes.c_uint32(9)
    size = code.report_run(report, cursors, 1, text, 100_000, why, which)
    assert (size, why.value) == (40000, 1)
    code.report_free(report)
