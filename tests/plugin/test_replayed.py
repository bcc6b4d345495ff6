# SPDX-License-Identifier: BSD-3-Clause
"""The plugin answers a guest as it was answered in a trace."""

import json

import pytest
from acrn_trace.cli.plugin import ANSWERS_FROM, api_of
from helpers.guests import QEMU, build_test_guests, common_arguments, image_of
from helpers.launching import check_refused
from helpers.tracing import acrn_trace
from helpers.tree import GUESTS

ACRN = ("--mock", "acrn memory=0x2000000")  # as examples/hypervisor gives its guest


def played(image, output, *how):
    line = ("--", *common_arguments(), "-kernel", image)
    run = acrn_trace("--engine", "plugin", *how, "-f", "jsonl", "-o", output, image, *line)
    return run, [json.loads(text) for text in output.read_text().splitlines()]


def departures(events):
    return [one["text"] for e in events for one in e["findings"] if one["kind"] == "replay-departs"]


if api_of(QEMU) >= ANSWERS_FROM:

    @pytest.fixture(scope="module", name="recorded")
    def fixture_recorded(tmp_path_factory):
        """The service example under ACRN: its run, and the trace."""
        build_test_guests()
        output = tmp_path_factory.mktemp("recorded") / "trace.jsonl"
        run, _ = played(image_of("service"), output, *ACRN)
        assert run.status == 0, run
        return run, output

    def test_the_guest_sees_what_it_saw_and_nothing_departs(recorded, folder):
        run, trace = recorded
        again, events = played(image_of("service"), folder / "again.jsonl", "--replay", trace)
        assert (again.status, again.out, again.err) == (0, run.out, "")
        assert {event["answered_by"] for event in events} == {"replay"}
        compared = acrn_trace("diff", trace, folder / "again.jsonl")
        assert f"calls: {len(events)} equal, 0 changed, 0 missing, 0 new" in compared.out

    def test_the_first_call_that_is_another_one_is_told_and_all_are_answered(recorded, folder):
        changed = GUESTS / "service_changed.elf"
        again, events = played(changed, folder / "again.jsonl", "--replay", recorded[1])
        assert again.status == 0 and "done, 0 surprises" in again.out, again
        (told,) = departures(events)
        (at,) = [event["seq"] for event in events if departures([event])]
        expected = f"departs from the recording, whose call {at} is set_vcpu_regs"
        assert told == f"set_vcpu_regs {expected}"

    def test_what_was_not_recorded_is_refused_and_what_was_not_made_is_counted(recorded, folder):
        other = GUESTS / "flags.elf"
        again, events = played(other, folder / "again.jsonl", "--replay", recorded[1])
        assert {event["ret"] for event in events} == {-25}
        assert len(departures(events)) == 1
        assert again.err == "acrn-trace: 25 calls of the trace that is replayed were not made\n"

    def test_a_call_that_never_came_back_takes_the_debugger(recorded, folder):
        hung = folder / "hung.jsonl"
        lines = recorded[1].read_text().splitlines()
        last = json.loads(lines[-1]) | {"status": "unfinished", "ret": None, "duration": None}
        hung.write_text("\n".join([*lines[:-1], json.dumps(last | {"answered_by": None})]) + "\n")
        run = acrn_trace("--engine", "plugin", "--replay", hung, image_of("service"), "--")
        check_refused(run, 2, "never returned", "--engine gdb")
