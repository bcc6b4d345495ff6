# SPDX-License-Identifier: BSD-3-Clause
"""Catchpoints at calls that are answered: by a mock, or by an injection."""

import re

import pytest

from helpers.canonical import events_of
from helpers.guests import Guest, arguments_of, printed_untraced
from helpers.tampered import UNTOUCHED
from helpers.tracing import gdb_at
from helpers.tree import IMAGES

OTHER_VCPU = (
    "python me = gdb.selected_thread();"
    " next(t for t in gdb.selected_inferior().threads() if t != me).switch()"
)


def test_going_on_with_the_other_vcpu_selected(folder):
    """GDB steps over the site with that one; the one that is shown its call comes there anew."""
    trace = folder / "trace"
    with Guest(folder, arguments_of("smp")) as guest:
        gdb = gdb_at(
            guest,
            IMAGES / "smp.elf",
            f"hypercall trace -f jsonl -o {trace}",
            "hypercall mock pause_vm -EPERM",
            "catch hypercall pause_vm",
            "catch hypercall -r pause_vm",
            *("continue", OTHER_VCPU) * 20,
            *("delete", "hypercall mock off", "hypercall trace off", "continue"),
        )
        ended = guest.finished()
    assert (ended.status, ended.out) == (0, printed_untraced(arguments_of("smp"))), gdb
    assert gdb.out.count(" hit Catchpoint ") == 20, gdb
    events = sorted(events_of(trace), key=lambda event: event["seq"])
    assert [event["seq"] for event in events] == list(range(len(events))), gdb
    paused = [
        e["answered_by"] for e in events if e["name"] == "pause_vm" and e["status"] == "returned"
    ]
    assert len(paused) >= 8 and set(paused) == {"mock"}
    assert sum(event["status"] == "unfinished" for event in events) <= 4  # in flight at the end
    hits = re.findall(r"hit Catchpoint (1|2)", gdb.out)
    assert abs(hits.count("1") - hits.count("2")) <= 4


@pytest.mark.parametrize("on", ["continue", "stepi", "next", "finish"])
def test_a_caught_call_that_is_injected_is_answered_when_the_guest_goes_on(on, six_calls, folder):
    told, gdb = six_calls(
        f"hypercall trace -f jsonl -o {folder / 'trace'}",
        "hypercall inject create_vm:retval=5:when=2..3",
        "catch hypercall create_vm if creation.vmid > 100 && creation.vmid < 103",
        "continue",
        "print $rax == 5",
        "print $_hypercall_ret",
        on,
        "print $rax == 5",
        *(["continue"] if on != "continue" else []),
        "print creation.vmid",
        "hypercall inject off",
        "delete",
        "continue",
    )
    expected = list(UNTOUCHED)
    expected[1] = "1: 0 0 0 = 5 101"
    expected[2:] = [f"{n}: 1 {100 + n} 1 = {n - 1} {100 + n}" for n in range(2, 6)]
    assert told == expected, gdb
    assert "$1 = 0\n" in gdb.out and "$2 = void\n" in gdb.out
    assert on == "continue" or "$3 = 1\n" in gdb.out, gdb
    assert "$4 = 102\n" in gdb.out, gdb
    answered = [event["answered_by"] for event in events_of(folder / "trace")]
    assert answered == ["hypervisor", "inject"] + ["hypervisor"] * 4


@pytest.mark.parametrize("answer", ["mock create_vm 5", "inject create_vm:retval=5"])
def test_a_call_shown_at_its_entry_and_then_answered_stops_where_it_is_back(answer, six_calls):
    told, gdb = six_calls(
        f"hypercall {answer}",
        "catch hypercall if creation.vmid == 102",
        "catch hypercall -r if creation.vmid == 102",
        "break past_the_call if creation.vmid == 102",
        "continue",
        "print $rax == 5",
        "x/i $pc",
        "continue",
        "print $rax",
        "print $_hypercall_ret",
        "delete",
        "x/i $pc-3",
        "continue",
    )
    assert told == [f"{n}: 0 0 0 = 5 {100 + n}" for n in range(6)], gdb
    assert "$1 = 0\n" in gdb.out and "$2 = 5\n" in gdb.out and "$3 = 5\n" in gdb.out, gdb
    assert gdb.out.count("\tvmcall") == 2  # at both stops the instruction is what it was
    assert gdb.out.count("Breakpoint 3, call_once ()") == 1, gdb
    assert re.findall(r"hit Catchpoint (\d)", gdb.out) == ["1", "2"]


def test_a_trace_that_begins_at_an_answered_call_leaves_it_answered(six_calls, folder):
    told, gdb = six_calls(
        "hypercall inject create_vm:retval=5:when=3",
        "catch hypercall if creation.vmid == 102",
        "continue",
        f"hypercall trace -f jsonl -o {folder / 'trace'}",
        "continue",
    )
    assert told[2] == "2: 0 0 0 = 5 102", gdb
    first, *others = events_of(folder / "trace")
    assert (first["answered_by"], first["injected"]) == ("inject", ["retval=5"])
    assert {event["answered_by"] for event in others} == {"hypervisor"}
