# SPDX-License-Identifier: BSD-3-Clause
"""Ten thousand calls of two vCPUs, one by one against what the guest itself wrote down."""

from collections import Counter

from helpers.smp_log import CALLS, trace_smp
from helpers.tree import IMAGES

SITES = {"call_at_shared_site", "call_from_process", "call_from_interrupt"}


def calls_within_calls(events: list[dict]) -> int:
    """How many calls began on a vCPU before one that was made there earlier was back."""
    nested, until = 0, {0: 0.0, 1: 0.0}
    for event in sorted(events, key=lambda event: event["seq"]):
        end = event["time"] + event["duration"]
        nested += end < until[event["vcpu"]]
        until[event["vcpu"]] = max(until[event["vcpu"]], end)
    return nested


def test_every_call_of_two_vcpus_is_an_event(folder):
    smp = trace_smp(folder, IMAGES / "smp.elf")
    events = smp.events
    assert len(events) == CALLS
    assert sorted(event["seq"] for event in events) == list(range(CALLS))
    assert smp.traced == smp.logged
    assert Counter(event["status"] for event in events) == {"returned": CALLS}
    assert {event["symbol"] for event in events} == SITES
    assert [event for event in events if event["clobbered"]] == []
    assert calls_within_calls(events) > 0, "no call within a call: this run proves too little"
