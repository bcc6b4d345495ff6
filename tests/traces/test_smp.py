# SPDX-License-Identifier: BSD-3-Clause
"""Ten thousand calls of two vCPUs, one by one against what the guest itself wrote down."""

import struct
from collections import Counter

from live import IMAGES, Guest, arguments_of, events_of, gdb_at, printed_untraced

CALLS = 10_000
ENTRY = struct.Struct("<IIQQQq")  # struct call_log_entry of examples/smp/call_log.h
SITES = {"call_at_shared_site", "call_from_process", "call_from_interrupt"}


def logged_calls(log: bytes) -> dict[tuple[int, int], list[tuple]]:
    """(vCPU, context) to the calls (nr, args, ret) made there, in the order they were made."""
    calls: dict[tuple[int, int], list[tuple]] = {}
    for vcpu, context, nr, arg1, arg2, ret in ENTRY.iter_unpack(log):
        calls.setdefault((vcpu, context), []).append((arg2 & 0xFFFFFFF, (nr, arg1, arg2, ret)))
    return {key: [call for _, call in sorted(found)] for key, found in calls.items()}


def traced_calls(events: list[dict]) -> dict[tuple[int, int], list[tuple]]:
    """The same from the trace; the guest's tag in the second argument tells the context."""
    calls: dict[tuple[int, int], list[tuple]] = {}
    for event in sorted(events, key=lambda event: event["seq"]):
        nr, args = int(event["nr"], 16), tuple(int(arg, 16) for arg in event["args"])
        context = args[1] >> 28 & 0xF
        calls.setdefault((event["vcpu"], context), []).append((nr, *args, event["ret"]))
    return calls


def calls_within_calls(events: list[dict]) -> int:
    """How many calls began on a vCPU before one that was made there earlier was back."""
    nested, until = 0, {0: 0.0, 1: 0.0}
    for event in sorted(events, key=lambda event: event["seq"]):
        end = event["time"] + event["duration"]
        nested += end < until[event["vcpu"]]
        until[event["vcpu"]] = max(until[event["vcpu"]], end)
    return nested


def test_every_call_of_two_vcpus_is_an_event(folder):
    with Guest(folder, arguments_of("smp")) as guest:
        gdb = gdb_at(
            guest,
            IMAGES / "smp.elf",
            f"hypercall trace -f jsonl -o {folder / 'trace'}",
            "break call_log_complete",
            "continue",
            "set max-value-size unlimited",
            f"dump binary value {folder / 'log'} call_log",
            "hypercall trace off",
            "continue",
        )
        ended = guest.finished()
    events, log = events_of(folder / "trace"), (folder / "log").read_bytes()
    assert len(log) == CALLS * ENTRY.size, gdb
    assert len(events) == CALLS
    assert sorted(event["seq"] for event in events) == list(range(CALLS))
    assert traced_calls(events) == logged_calls(log)
    assert Counter(event["status"] for event in events) == {"returned": CALLS}
    assert {event["symbol"] for event in events} == SITES
    assert [event for event in events if event["clobbered"]] == []
    assert calls_within_calls(events) > 0, "no call within a call: this run proves too little"
    assert (ended.status, ended.out) == (0, printed_untraced(arguments_of("smp")))
