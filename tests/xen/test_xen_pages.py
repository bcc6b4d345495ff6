# SPDX-License-Identifier: BSD-3-Clause
"""The calls that a guest of a real Xen makes by Xen's page, and those that Xen goes on with."""

from collections import Counter

import pytest
from helpers import xen
from helpers.canonical import events_of
from helpers.guest_log import logged_calls, result_of
from helpers.tracing import acrn_trace

CONSOLE_IO = 0x12
# Of the page's calls in guest.c, by who makes them, in two rounds
BY_PAGE = {"ask_version": 4, "use_events": 2, "ask_machine": 2, "refused": 1}


@pytest.fixture(scope="module", autouse=True)
def built() -> None:
    xen.build()


def by_page(event: dict) -> bool:
    return event["abi"] == "xen" and int(event["site"], 16) % 32 == 5


def made(event: dict) -> tuple[int, ...]:
    return int(event["nr"], 16), *(int(arg, 16) for arg in event["args"])


def test_each_call_by_the_page_is_an_event_and_one_that_xen_goes_on_with_is_one(folder):
    """As the guest logs it, and named by who has called the page.

    Xen prints a text in parts, and has the guest make the call again for the rest.
    """
    line = xen.arguments_of("calls=2")
    traced = acrn_trace("-f", "jsonl", "-o", folder / "trace", xen.IMAGE, "--", *line)
    assert traced.status == 0, traced
    all_logged, all_events = logged_calls(traced.out), events_of(folder / "trace")

    logged = [call for call in all_logged if call.who == xen.PAGE]
    events = [event for event in all_events if by_page(event)]
    assert len(logged) == sum(BY_PAGE.values())
    assert list(map(made, events)) == [(call.number, *call.args) for call in logged]
    assert list(map(result_of, events)) == [call.result for call in logged]
    assert Counter(event["symbol"] for event in events) == BY_PAGE
    assert all(event["file"].endswith("guest.c") and event["line"] for event in events)

    printed = [event for event in all_events if int(event["nr"], 16) == CONSOLE_IO]
    assert [event["status"] for event in printed] == ["returned"] * len(printed)
    assert printed[0]["args"][1] == hex(1024) and printed[0]["repeats"]
    assert len(all_events) == len(all_logged) + len(printed) + 1  # and that which ends it
