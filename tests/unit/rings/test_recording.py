# SPDX-License-Identifier: BSD-3-Clause
"""The binary trace file: read back, and read damaged."""

import argparse
import io
import random
import struct

import pytest

from acrn_trace.base.errors import TraceError
from acrn_trace.cli import offline
from acrn_trace.files.read import read_events
from acrn_trace.options.declare import add_knowledge_options, add_trace_options
from acrn_trace.rings import blocks
from acrn_trace.rings.format import CALLED
from acrn_trace.rings.preamble import preamble
from acrn_trace.rings.recording import recorded_events
from acrn_trace.tables.calls import CallTable
from acrn_trace.tables.knowledge import acrn
from helpers.make.blocks import (
    HEAD,
    PLACE,
    SHORT_HEAD,
    WIDE,
    end_block,
    loss_block,
    records_block,
    rings_block,
    wide,
)

ACRN = acrn()


def events_of(data):
    return list(recorded_events(io.BytesIO(data), "t", ACRN))


def read_until_damage(data):
    """The events before it, and what is said of it."""
    events = []
    try:
        for event in recorded_events(io.BytesIO(data), "t", ACRN):
            events.append(event)
    except TraceError as error:
        return events, str(error)
    return events, None


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
