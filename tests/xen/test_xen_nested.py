# SPDX-License-Identifier: BSD-3-Clause
"""A guest of a real Xen is traced through Xen's nested page tables, which have 4 levels."""

import re
from collections import Counter

import pytest
from helpers import xen
from helpers.canonical import events_of
from helpers.guest_log import LoggedCall, logged_calls, result_of
from helpers.process import Run
from helpers.tracing import acrn_trace

ROUNDS = 2
CONSOLE_IO, SCHED_OP = 18, 29  # what prints the log, and what ends the guest
FUNCTIONS = ("ask_version",) * 2 + ("use_events",) * 2 + ("ask_machine", "yield")


@pytest.fixture(scope="module", autouse=True)
def built() -> None:
    xen.build()


@pytest.fixture(scope="module", name="traced")
def fixture_traced(built, tmp_path_factory) -> tuple[Run, list[dict]]:
    """What the tracing printed, and the events of the sites that the image has."""
    trace = tmp_path_factory.mktemp("xen") / "trace"
    line = xen.arguments_of(f"calls={ROUNDS}", "user")
    run = acrn_trace("-f", "jsonl", "-o", trace, xen.IMAGE, "--", *line)
    assert run.status == 0, run
    sites = set(re.findall(r"^0x\w+", acrn_trace("sites", xen.IMAGE).out, re.MULTILINE))
    return run, [event for event in events_of(trace) if event["site"] in sites]


def made_at_sites(run: Run) -> list[LoggedCall]:
    return [call for call in logged_calls(run.out) if call.who != xen.PAGE]


def is_logged(event: dict) -> bool:
    return int(event["nr"], 16) != CONSOLE_IO and event["status"] == "returned"


def test_each_call_of_the_guests_log_is_an_event_and_none_is_two(traced):
    """From CPL 3 as well; the guest runs on one vCPU, so that even the order is its own."""
    run, events = traced
    logged = made_at_sites(run)
    assert len(logged) == 6 * ROUNDS + 2
    seen = [event for event in events if is_logged(event)]
    assert [(int(event["nr"], 16), result_of(event)) for event in seen] == [
        (call.number, call.result) for call in logged
    ]
    functions = [event["symbol"] for event in seen]
    assert functions == [*FUNCTIONS * ROUNDS, "refused", "user_main"]


def test_what_arguments_lead_to_is_decoded_by_the_sub_operation(traced):
    """By virtual addresses; an error's name is Xen's, and what is not mapped is unreadable."""
    _, events = traced
    first = {}
    for event in events:
        first.setdefault((event["symbol"], event["decoded"].get("cmd")), event)
    extra = first["ask_version", "XENVER_extraversion"]["decoded"]["arg"]
    assert extra["text"].startswith(".")
    unbound = first["use_events", "EVTCHNOP_alloc_unbound"]["decoded"]["arg"]
    assert unbound["dom"] == 0x7FF0 and unbound["port"]["out"] > 0
    send = first["use_events", "EVTCHNOP_send"]
    assert (send["errno"], send["decoded"]["arg"]) == ("EINVAL", {"port": unbound["port"]["out"]})
    reason = first["back_from_user", "SCHEDOP_shutdown"]["decoded"]["arg"]["reason"]
    assert reason == "SHUTDOWN_reboot"
    printed = first["back_from_user", "CONSOLEIO_write"]["decoded"]["text"]
    assert printed.startswith("xen 0x0 0x11 ") and printed in traced[0].out.replace("\r", "")


def test_the_last_call_is_the_one_that_does_not_return(traced):
    _, events = traced
    assert int(events[-1]["nr"], 16) == SCHED_OP and events[-1]["status"] == "unfinished"


def test_the_nested_page_table_is_xens_and_after_one_call_the_guest_runs_on():
    run = acrn_trace("-b", "1", xen.IMAGE, "--", *xen.arguments_of("user"))
    assert run.status == 0, run
    assert re.search(r"read through the nested page table at 0x\w+, 4 levels", run.err), run
    assert run.err.count("hypercall_") + run.err.count("xen:") == 1
    assert len(logged_calls(run.out)) == 10 + 2 + 1


def test_nothing_is_found_of_right_calls(traced):
    _, events = traced
    assert Counter(f["text"] for event in events for f in event["findings"]) == {}
    assert all(event["clobbered"] == {} for event in events)
