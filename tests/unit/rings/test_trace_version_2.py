# SPDX-License-Identifier: BSD-3-Clause
"""Trace files of version 2, whose records are those of hypercall_record.h: read, and damaged."""

import io
import struct

import pytest

from acrn_trace.base.errors import TraceError
from acrn_trace.rings import blocks
from acrn_trace.rings.recording import recorded_events
from acrn_trace.tables.knowledge import acrn
from helpers.make.blocks import end_block, loss_block
from helpers.make.hypercall_record import CALLED, TICKS, record
from helpers.reporting import reported

ACRN = acrn()
WRITERS, CALLS, NO_TICKS = 8, 9, 4
LAYOUT = (
    b"u32 size\nu8 version\nu8 state\nu8 clock\nu8 arguments\nu32 abi\nu32 flags\nu32 ring\n"
    b"u32 reserved\nu32 vcpu\nu32 return_vcpu\nu64 sequence\nu64 entry\nu64 leave\nu64 site\n"
    b"u64 cr3\nu64 rsp\nu64 number\nu64[6] argument\nu64 result\nu64[2] reserved_too\n"
)
START_VM = 0x80000012


def header(version=2, layout=LAYOUT):
    return blocks.block(blocks.HEADER, struct.pack("<HHIQ", version, 16, 0, 0) + layout)


def writers(hz=0, clock=NO_TICKS, rings=2):
    return blocks.block(WRITERS, struct.pack("<QII", hz, clock, rings))


def calls(*records, ring=0, number=1):
    return blocks.block(CALLS, struct.pack("<IIQ", ring, 0, number) + b"".join(records))


def call(entry, ring=0, **more):
    """One at so many nanoseconds."""
    return record(START_VM, 3, ring=ring, entry=entry, leave=entry + 2000, **more)


HEAD = header() + writers()


def read(data):
    """The events, and what is said of damage behind them."""
    events = []
    try:
        events.extend(recorded_events(io.BytesIO(data), "t", ACRN))
    except TraceError as error:
        return events, str(error)
    return events, None


def test_records_of_rings_are_merged_by_time():
    first = [call(at * 10**9, sequence=at) for at in (1, 4)]
    second = [call(at * 10**9, ring=1, sequence=at) for at in (2, 3)]
    data = HEAD + calls(*first) + calls(*second, ring=1) + end_block(4)
    events, said = read(data)
    assert said is None
    assert [event.more for event in events] == [
        {"ring": ring, "sequence": at} for ring, at in ((0, 1), (1, 2), (1, 3), (0, 4))
    ]
    assert (events[0].name, events[0].decoded, events[0].clock) == ("start_vm", {"vmid": 3}, "host")
    assert (events[0].time, events[0].duration, events[0].return_vcpu) == (1.0, 2e-06, 2)


def test_they_are_shown_as_text_and_counted(tmp_path):
    data = (
        HEAD + loss_block(2) + calls(call(10**9), call(2 * 10**9, state=CALLED)) + end_block(2)
    )
    lines = reported(ACRN, tmp_path, data, True)[0].splitlines()
    assert lines[0].startswith("--- times are the host's, in seconds from the first call ---")
    assert lines[1].startswith("[1] 0.000000 start_vm(vmid=3) = 0 <0.000002> at 0xffffffff80001234")
    assert lines[2].startswith("!! ring 0 lost 2 calls (0 to 1)")
    assert lines[3].startswith("[1] 1.000000 start_vm(vmid=3) = ? <unfinished ...>")
    for options in ([], ["-c"], ["-f", "jsonl"], ["-tt"], ["-e", "status=unfinished"]):
        assert reported(ACRN, tmp_path, data, True, *options) == reported(
            ACRN, tmp_path, data, False, *options
        )


def test_a_clock_of_ticks_that_is_not_known_is_said_to_be_so():
    data = header() + writers(clock=0) + calls(call(10**9, clock=TICKS))
    (event,), _ = read(data)
    assert event.findings[0].kind == "clock" and (event.time, event.clock) == (1.0, "tsc")


@pytest.mark.parametrize(
    "data, what",
    [
        (header(version=3), "its version is 3, and this reader knows 1 and 2"),
        (header(layout=blocks.LAYOUT), "its records are laid out in a way unknown here"),
        (header() + calls(call(1)), "there is no description of the rings in front of it"),
        (header() + writers(rings=0), "a description of rings that cannot be right"),
        (header() + writers(rings=257), "a description of rings that cannot be right"),
        (header() + writers(hz=5), "a time-stamp counter of 5 ticks a second"),
        (HEAD + calls(), "a block of no records"),
        (HEAD + calls(call(1, ring=2), ring=2), "records that are not of the rings described"),
        (HEAD + calls(call(1, ring=1)), "records that are not of the rings described"),
        (HEAD + calls(call(1)[:-8]), "records that are not of the rings described"),
        (HEAD + calls(call(1, version=9)), "records that are not of the rings described"),
        (HEAD + calls(call(1)) + end_block(2), "2 were written, and 1 are there"),
    ],
)
def test_what_cannot_be_right_is_a_sentence(data, what):
    _, said = read(data)
    assert said is not None and f": {what}; " in said


def test_a_file_of_version_1_has_no_such_blocks():
    """They are kinds that its reader does not know."""
    events, said = read(header(1, blocks.LAYOUT) + writers() + calls(call(1)))
    assert (events, said) == ([], None)
