# SPDX-License-Identifier: BSD-3-Clause
"""A site whose bytes change is a site while they are those of a hypercall."""

import pytest

from helpers.canonical import events_of
from helpers.guests import common_arguments, printed_untraced
from helpers.tracing import acrn_trace

HYPERCALLS = [0, 1, 3, 5, 7]  # of the guest's runs over the site; the others run UD2 or NOPs
UNTOUCHED = "patched: {} = -77"


@pytest.fixture
def patched(test_guest, folder):
    """Trace the guest with options: its events, and its lines."""

    def trace(*options: str) -> tuple[list[dict], list[str]]:
        image, output = test_guest("patched"), folder / "trace"
        given = ("-f", "jsonl", "-o", output, *options, image, "--", *common_arguments())
        run = acrn_trace(*given)
        assert run.status == 0, run
        return events_of(output), run.out.splitlines()

    return trace


def test_what_is_no_hypercall_any_more_is_not_traced(patched, test_guest):
    events, told = patched()
    alone = printed_untraced([*common_arguments(), "-kernel", test_guest("patched")])
    assert told == alone.splitlines()
    assert [int(event["args"][0], 16) for event in events] == HYPERCALLS


def test_a_call_comes_back_to_a_site_that_was_patched_meanwhile(patched):
    events, _ = patched()
    assert [event["ret"] for event in events] == [0, 1, 3, 4, 5]
    assert {event["status"] for event in events} == {"returned"}


def test_what_is_no_hypercall_is_not_answered(patched):
    events, told = patched("--mock", "pause_vm 42")
    assert [event["answered_by"] for event in events] == ["mock"] * len(HYPERCALLS)
    for index, line in enumerate(told):
        runs_nothing = index not in (*HYPERCALLS, 2)
        assert (line == UNTOUCHED.format(index)) == runs_nothing, told
    assert told[2] == "patched: 2 = 0"  # the guest's own handler, of UD2
