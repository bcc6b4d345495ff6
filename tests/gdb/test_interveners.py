# SPDX-License-Identifier: BSD-3-Clause
"""Calls that the debugger answers on two vCPUs, while the real hypervisor answers the rest."""

import pytest

from helpers.canonical import events_of
from helpers.guests import Guest, arguments_of, image_of, printed_untraced
from helpers.tracing import gdb_at

SCRIPT = """
from acrn_trace.in_gdb.session import current_session
from acrn_trace.trace.intervener import CATCHES, Intervener, Intervention

class Answers(Intervener):
    def entered(self, call, event):
        if event.name == "pause_vm":
            return Intervention(answer=(1 << 64) - 1, answered_by="mock")

class Stops(Intervener):
    rank, watches = CATCHES, True
    def __init__(self, seqs):
        self.seqs = seqs
    def entered(self, call, event):
        if event.seq in self.seqs:
            return Intervention(stop=f"stopped at call {event.seq}, {event.name}")

current_session().intervene(Answers())
current_session().intervene(Stops(%r))
"""


@pytest.fixture
def smp(folder):
    """Run GDB commands on two vCPUs, with an intervener for some calls, and stops at others."""

    def session(stops, *commands):
        script = folder / "answers.py"
        script.write_text(SCRIPT % stops)
        with Guest(folder, arguments_of("smp")) as guest:
            gdb = gdb_at(guest, image_of("smp"), f"source {script}", *commands)
            ended = guest.finished()
        assert (ended.status, ended.out) == (0, printed_untraced(arguments_of("smp"))), gdb
        return gdb

    return session


CALLS = 600


def test_answered_calls_and_real_ones_on_two_vcpus(smp, folder):
    """The guest checks each result, and fails at the first that is not what ACRN answers."""
    trace = folder / "trace"
    gdb = smp(
        {CALLS},
        f"hypercall trace -f jsonl -o {trace}",
        "continue",
        "hypercall trace off",
        "detach",
    )
    assert f"\nstopped at call {CALLS}, " in gdb.out
    events = events_of(trace)
    assert sorted(event["seq"] for event in events) == list(range(CALLS + 1))
    assert [event for event in events if event["clobbered"]] == []
    answered = [event for event in events if event["answered_by"] == "mock"]
    real = [event for event in events if event["answered_by"] == "hypervisor"]
    assert CALLS + 1 - len(answered) - len(real) <= 4  # in flight
    assert {event["name"] for event in answered} == {"pause_vm"}
    assert "pause_vm" not in {event["name"] for event in real}
    assert abs(len(answered) - CALLS // 4) <= 10
    assert {event["vcpu"] for event in answered} == {0, 1}
