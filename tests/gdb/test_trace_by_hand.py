# SPDX-License-Identifier: BSD-3-Clause
"""A trace that a user begins and ends, or that ends of itself; the guest goes on."""

import re

import pytest
from elftools.elf.elffile import ELFFile
from helpers.canonical import events_of
from helpers.guests import Guest, arguments_of
from helpers.process import run
from helpers.service_trace import CALLS_OF_SERVICE, SERVICE, calls_in, untouched
from helpers.tracing import gdb_command


def test_the_three_commands_of_a_user_trace_a_guest(service):
    gdb, guest = service("hypercall trace", "continue")
    assert len(calls_in(gdb.out)) == CALLS_OF_SERVICE
    assert "\n+++ the connection to the guest ended +++\n" in gdb.out
    assert "Python Exception" not in gdb.err
    assert untouched(guest)


def test_a_trace_that_nothing_is_connected_for_waits(folder):
    with Guest(folder, arguments_of("service")) as guest:
        commands = ["hypercall trace", f"target remote {guest.socket}", "continue"]
        gdb = run(gdb_command(SERVICE, *commands))
        assert guest.finished().status == 0
    said, _, shown = gdb.out.partition("\n")
    assert said.startswith("No guest is connected yet: the trace begins when 'target remote'")
    assert len([line for line in shown.splitlines() if line.startswith("[0] ")]) == 25


def test_the_alias_is_the_command(service, folder):
    service(f"hc trace -o {folder / 'trace'}", "continue")
    assert len(calls_in((folder / "trace").read_text())) == CALLS_OF_SERVICE


def test_off_ends_the_trace_and_the_guest_runs_on(service, folder):
    gdb, guest = service(
        f"hypercall trace -o {folder / 'trace'}",
        "break start_user_vm",
        "continue",
        "hypercall trace off",
        "delete",
        "maint info breakpoints",
        "continue",
    )
    assert calls_in((folder / "trace").read_text()) == ["get_api_version", "create_vm"]
    assert re.search(r"^No breakpoints(, | or )watchpoints", gdb.out, re.M)  # GDB 13's words, 16's
    assert untouched(guest)


@pytest.mark.parametrize("again, resets", [(1, 0), (2, 1)])
def test_a_first_instruction_that_is_met_twice_in_a_row_may_have_run_once(again, resets, service):
    """QEMU's step over a breakpoint may end where it began: here the vCPU is put back by hand."""
    with open(SERVICE, "rb") as image:
        first = ELFFile(image).header.e_entry
    back = ["stepi", f"set $rip = {first}", "continue"] * again
    gdb, _ = service("hypercall trace", f"break *{first}", "continue", *back, "continue")
    assert gdb.out.count("the guest was reset") == resets
    assert len(calls_in(gdb.out)) == CALLS_OF_SERVICE


@pytest.mark.parametrize("farewell", ["detach", "disconnect", "quit"])
def test_without_gdb_the_guest_runs_on_as_if_never_traced(farewell, service, folder):
    then = ["detach"] if farewell == "detach" else []
    if farewell == "disconnect":
        then = ["disconnect", f"target remote {folder / 'stub'}", "delete", "continue"]
    trace = f"hypercall trace -o {folder / 'trace'}"
    gdb, guest = service(trace, "break start_user_vm", "continue", *then)
    assert calls_in((folder / "trace").read_text()) == ["get_api_version", "create_vm"]
    assert "Python Exception" not in gdb.err
    assert untouched(guest)


def test_one_may_trace_again(service, folder):
    first, second = folder / "first", folder / "second"
    gdb, guest = service(
        f"hypercall trace -f jsonl -o {first}",
        "tbreak start_user_vm",
        "continue",
        "hypercall trace off",
        f"hypercall trace -f jsonl -o {second}",
        "continue",
    )
    assert len(events_of(first)) == 2, gdb
    assert len(events_of(second)) == CALLS_OF_SERVICE - 2
    assert untouched(guest)


def test_an_exception_in_a_breakpoint_is_a_sentence_and_the_guest_can_go_on(service, folder):
    gdb, guest = service(
        f"hypercall trace -o {folder / 'trace'}",
        "tbreak start_user_vm",
        "continue",
        "python import acrn_trace.in_gdb.live as live; live.read_stop = lambda *_, **__: 1 // 0",
        "continue",
        "continue",
    )
    lines = [line for line in gdb.err.splitlines() if "acrn-trace" in line]
    assert len(lines) == 1, gdb.err
    assert re.search(r"a defect of acrn-trace: ZeroDivisionError.*; tracing has ended\.$", lines[0])
    assert "Traceback" not in gdb.err and "Python Exception" not in gdb.err
    assert calls_in((folder / "trace").read_text()) == ["get_api_version", "create_vm"]
    assert untouched(guest)


def test_a_full_disk_ends_the_trace_and_not_the_guest(service):
    gdb, guest = service("hypercall trace -f jsonl -o /dev/full", "continue", "continue")
    assert "cannot write to /dev/full: No space left on device" in gdb.err
    assert gdb.err.count("acrn-trace:") == 1
    assert untouched(guest)


def test_a_second_trace_is_refused(service):
    gdb, guest = service("hypercall trace", "hypercall trace -c", "continue")
    assert "a trace is running; 'hypercall trace off' ends it." in gdb.err
    assert len(calls_in(gdb.out)) == CALLS_OF_SERVICE
    assert untouched(guest)
