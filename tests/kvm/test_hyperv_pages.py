# SPDX-License-Identifier: BSD-3-Clause
"""The calls that a guest makes by the page that a real KVM fills for it as Hyper-V does."""

from collections import Counter

import pytest
from helpers import kvm
from helpers.canonical import events_of
from helpers.guest_log import logged_calls, result_of
from helpers.tracing import acrn_trace

CALL_CODE = 0xFFFF
# By who makes them, in one round on each of two vCPUs; move() makes one by the second page
BY_PAGE = {"wait_for_lock": 3, "flush": 6, "send_ipi": 2, "refused": 4}


@pytest.fixture(scope="module", autouse=True)
def built() -> None:
    kvm.build()


def assert_decoded(event_of: dict[tuple[str, str], dict]) -> None:
    """The control word, an input by its address, and statuses, also beside repetitions."""
    listed = event_of["flush", "flush_virtual_address_list"]
    control = {"code": "0x3", "fast": 0, "rep_count": 2}
    assert listed["decoded"]["control"].items() >= control.items()
    assert listed["decoded"]["input"]["flags"] == "0x3"
    assert (listed["ret"], listed["errno"]) == ("0x200000000", None)
    refused = event_of["refused", "hypercall_0x77"], event_of["refused", "signal_event"]
    assert [event["errno"] for event in refused] == [
        *("HV_STATUS_INVALID_HYPERCALL_CODE", "HV_STATUS_INVALID_HYPERCALL_INPUT"),
    ]
    assert refused[1]["decoded"]["control"] == {"code": "0x5d", "fast": 1}
    assert not any(event["findings"] for event in event_of.values())


def test_each_call_by_the_page_is_an_event_until_the_guest_has_none(folder):
    """Wherever it is moved; and what is left of it when it is taken away is no site."""
    traced = acrn_trace(
        *("-f", "jsonl", "-o", folder / "trace", kvm.HYPERV_IMAGE, "--"),
        *kvm.arguments_of("hyperv", "move"),
    )
    assert traced.status == 0, traced
    logged = logged_calls(traced.out)
    without_page = [call for call in logged if call.args == (3, 4)]
    by_page = [call for call in logged if call not in without_page]
    events = events_of(folder / "trace")
    assert len(without_page) == 1 and len(by_page) == sum(BY_PAGE.values())
    seen = [(*(int(arg, 16) for arg in event["args"]), result_of(event)) for event in events]
    assert Counter(seen) == Counter((call.number, *call.args, call.result) for call in by_page)
    assert all(int(event["nr"], 16) == int(event["args"][0], 16) & CALL_CODE for event in events)
    assert Counter(event["symbol"] for event in events) == BY_PAGE
    assert_decoded({(event["symbol"], event["name"]): event for event in events})
