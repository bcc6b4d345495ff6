# SPDX-License-Identifier: BSD-3-Clause
"""Calls of other hypervisors, with a number of ACRN's left in R8, are no calls of ACRN's."""

import pytest

from helpers.canonical import events_of
from helpers.guests import common_arguments
from helpers.tracing import acrn_trace

WHOSE = {
    "xen_stub": "xen:?",
    "jailhouse": "(another hypervisor's)",
    "kafl": "(kAFL's)",
    "hyperv": "hyperv:post_message (0x5c)",
}


@pytest.fixture(name="image")
def fixture_image(test_guest):
    return test_guest("others")


def test_they_are_listed_as_theirs(image):
    listed = acrn_trace("sites", image).out
    for function, call in WHOSE.items():
        assert any(call in line and line.endswith(function) for line in listed.splitlines())
    assert listed.endswith("; 4 of another hypervisor\n")


def test_they_are_none_of_acrns_events_and_no_mock_answers_them(image, folder):
    traced = acrn_trace(
        *("-e", "trace=all", "-f", "jsonl", "-o", folder / "trace", "--mock", "acrn"),
        *(image, "--", *common_arguments()),
    )
    others = "".join(f"other: {answer}\n" for answer in range(5))  # by the guest itself
    assert traced.out == f"{others}acrn: -1\n"
    events = events_of(folder / "trace")
    assert [event["name"] for event in events if event["abi"] == "acrn"] == ["start_vm"]
    assert [event["abi"] for event in events] == [
        *("xen", "xen", "unknown", "unknown", "hyperv", "acrn")
    ]
    assert {event["answered_by"] for event in events[:5]} == {"hypervisor"}
    names = ["xen_version", "sched_op", "hypercall_0x8", "hypercall_0x1f", "post_message"]
    assert [event["name"] for event in events[:5]] == names
    # A stub's calls are their callers', also by a jump, as Linux's xen_hypercall_amd has them.
    assert [event["symbol"] for event in events[:2]] == ["xen_version", "xen_yield"]
    kafl = dict(zip(("rax", "rbx", "rcx"), events[3]["args"]))
    assert events[3]["decoded"] == kafl and kafl["rax"] == "0x1f"  # what its code loads


def test_nothing_of_acrns_is_found_at_their_sites(image):
    found = acrn_trace("lint", image).out
    assert not any(kind in found for kind in ("r8-never-loaded", "number-not-in-table"))
    assert found.count("other-call") == 2
