# SPDX-License-Identifier: BSD-3-Clause
"""Each form of a catchpoint stops where it says and nowhere else, and tracing goes on exactly."""

import re

import pytest

from helpers.canonical import events_of
from helpers.guests import Guest, arguments_of, printed_untraced
from helpers.process import SECONDS, run
from helpers.tracing import gdb_command
from helpers.tree import IMAGES

# name, what is typed, which events of the trace it is for
FORMS = {
    "by_name": ("catch hypercall pause_vm", lambda e: e["name"] == "pause_vm"),
    "by_number": ("catch hypercall 0x80000099", lambda e: e["nr"] == "0x80000099"),
    "by_class": ("catch hypercall /general", lambda e: e["name"] == "get_api_version"),
    "by_pattern": ("catch hypercall /^pause", lambda e: e["name"] == "pause_vm"),
    "two_names": (
        "catch hypercall pause_vm get_api_version",
        lambda e: e["name"] in ("pause_vm", "get_api_version"),
    ),
    "by_argument": (
        "catch hypercall pause_vm if $_hypercall_arg(1) == 3",
        lambda e: e["name"] == "pause_vm" and e["args"][0] == "0x3",
    ),
    "by_result": (
        "catch hypercall -r if $_hypercall_ret == -22",
        lambda e: e["ret"] == -22,
    ),
    "by_name_in_condition": (
        'catch hypercall if $_streq($_hypercall_name, "pause_vm")',
        lambda e: e["name"] == "pause_vm",
    ),
    "at_return": ("catch hypercall -r pause_vm", lambda e: e["name"] == "pause_vm"),
    "of_a_thread": (
        "catch hypercall %vm thread 2",
        lambda e: e["name"] == "pause_vm" and e["vcpu"],
    ),
}


def counted(stop):
    """Commands that count the hits of every form, and leave the guest at breakpoint ``stop``."""
    for number, (typed, _) in enumerate(FORMS.values(), 1):
        yield typed
        yield f"set $n{number} = 0"
        yield f"python gdb.breakpoints()[-1].commands = 'silent\\nset $n{number} += 1\\ncontinue'"
    yield "catch hypercall"
    yield "disable $bpnum"
    yield f"break {stop}"
    yield "continue"
    # GDB 18 does only one stop's commands, where one has switched threads, after one of ours.
    yield "python while not gdb.breakpoints()[-1].hit_count: gdb.execute('echo')"
    yield 'printf "n0=%d\\n", call_log_count'
    for number in range(1, len(FORMS) + 1):
        yield f'printf "n{number}=%d\\n", $n{number}'


def counts_in(text):
    return {int(n): int(count) for n, count in re.findall(r"^n(\d+)=(\d+)$", text, re.MULTILINE)}


def check_every_form(folder, stop, seconds=SECONDS):
    """How many calls were made up to then: those on their way there may be not made yet."""
    trace = folder / "trace"
    with Guest(folder, arguments_of("smp")) as guest:
        command = gdb_command(
            IMAGES / "smp.elf",
            f"target remote {guest.socket}",
            "set pagination off",
            f"hypercall trace -f jsonl -o {trace}",
            *counted(stop),
            "hypercall trace off",
            "delete",
            "detach",
        )
        gdb = run(command, seconds)
        ended = guest.finished()
    assert (ended.status, ended.out) == (0, printed_untraced(arguments_of("smp"))), gdb
    events = sorted(events_of(trace), key=lambda event: event["seq"])
    assert [event["seq"] for event in events] == list(range(len(events))), gdb
    found = counts_in(gdb.out)
    assert found[0] - 4 <= len(events) <= found[0], gdb
    assert [event for event in events if event["clobbered"]] == []
    assert {event["vcpu"] for event in events} == {0, 1}
    unfinished = [event for event in events if event["status"] == "unfinished"]
    assert len(unfinished) <= 4
    assert " hit Catchpoint " not in gdb.out, gdb.out  # all of them are silent, or disabled
    expected = {
        number: sum(1 for event in events if wanted(event))
        for number, (_, wanted) in enumerate(FORMS.values(), 1)
    }
    returning = {number for number, (typed, _) in enumerate(FORMS.values(), 1) if "-r" in typed}
    for number, count in expected.items():
        waiting = len(unfinished) if number in returning else 0
        assert count - waiting <= found[number] <= count, (number, gdb)
    return len(events)


def test_each_form_stops_there_and_nowhere_else_on_two_vcpus(folder):
    assert check_every_form(folder, "call_log_claim if call_log_count >= 300") >= 296


@pytest.mark.long
@pytest.mark.timeout(7200)
def test_ten_thousand_calls_with_every_form(folder):
    assert check_every_form(folder, "call_log_complete", seconds=3600) == 10_000
