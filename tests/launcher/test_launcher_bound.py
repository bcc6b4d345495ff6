# SPDX-License-Identifier: BSD-3-Clause
"""After -b N calls the trace ends, and the guest runs on as if it was never traced."""

import re

from helpers.canonical import events_of
from helpers.guests import Guest, arguments_of, common_arguments, image_of, printed_untraced
from helpers.tracing import acrn_trace, trace_example

SAID = "+++ 3 calls traced, as many as were asked for; the guest runs on untraced +++"


def test_as_many_calls_are_traced_as_were_asked_for(folder):
    traced = trace_example("service", "-b", "3", "-f", "jsonl", "-o", folder / "trace")
    assert (traced.status, traced.err) == (0, "")
    assert traced.out == printed_untraced(arguments_of("service"))
    names = [event["name"] for event in events_of(folder / "trace")]
    assert names == ["get_api_version", "create_vm", "start_vm"]


def test_calls_that_are_not_selected_do_not_count(folder):
    options = ["-b", "3", "-e", "trace=start_vm", "-e", "status=failed"]
    traced = trace_example("service", *options)
    assert traced.err.splitlines()[-1] == SAID
    assert re.findall(r"^\[\d\] \S+ (\w+)", traced.err, re.MULTILINE) == ["start_vm"] * 3


def test_whoever_attached_detaches(folder):
    with Guest(folder, arguments_of("service")) as guest:
        traced = acrn_trace("-b", "3", "-p", guest.socket, image_of("service"))
        ended = guest.finished()
    assert (traced.status, traced.err.splitlines()[-1]) == (0, SAID)
    assert (ended.status, ended.out) == (0, printed_untraced(arguments_of("service")))


def test_who_answers_the_calls_goes_on(folder):
    """Without the mock the guest would die of its next call."""
    line = ["--", *common_arguments(), "-m", "32M"]
    traced = acrn_trace("-b", "3", "--mock", "acrn", image_of("service"), *line)
    assert traced.status == 0 and traced.err.splitlines()[-1] == SAID
    assert traced.out == printed_untraced(arguments_of("service"))


def test_what_is_no_number_of_calls_is_refused():
    for text in ("0", "-1", "many"):
        traced = trace_example("service", f"-b{text}")
        assert (traced.status, traced.out) == (2, "")
        assert f"argument -b/--bound: '{text}' is no number of calls" in traced.err
