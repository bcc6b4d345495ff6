# SPDX-License-Identifier: BSD-3-Clause
"""A call by hand leaves the stop that it is made at what it was."""

import re

from helpers.calls_by_hand import CALL, LINE, REGISTERS, SMP, untouched
from helpers.canonical import events_of
from helpers.guests import Guest, arguments_of, image_of
from helpers.tracing import gdb_at


def test_a_call_at_a_breakpoint(smp_at_call):
    gdb, guest = smp_at_call(
        *("echo BEFORE\\n", REGISTERS, CALL, "echo AFTER\\n", REGISTERS, "echo END\\n"),
        *("info breakpoints", "continue", "info breakpoints", "delete", "continue"),
    )
    before, after = re.split("BEFORE\n|AFTER\n|END\n", gdb.out)[1:3]
    assert LINE.search(before), gdb
    assert after.split() == LINE.sub("", before, count=1).split()
    hits = re.findall(r"breakpoint already hit (\d+) time", gdb.out)
    assert hits == ["1", "2"], gdb.out  # the stop is not reported again
    assert untouched(guest)


def test_going_on_does_not_report_the_stop_again(folder):
    """Between two stops at start_user_vm the guest starts its VM; at a stop reported again not."""
    trace = f"hypercall trace -f jsonl -o {folder / 'trace'}"
    commands = ("hbreak start_user_vm", "continue", trace, CALL, "continue", "hypercall trace off")
    with Guest(folder, arguments_of("service")) as guest:
        gdb_at(guest, image_of("service"), *commands)
        guest.finished()
    names = [event["name"] for event in events_of(folder / "trace")]
    assert names[:2] == ["get_api_version", "start_vm"]


def test_what_the_user_has_selected_and_set_stays(smp_at_call):
    gdb, guest = smp_at_call(
        *("set scheduler-locking step", "tbreak *$rip", "display/i $rip", "up"),
        *(CALL, "frame", "show scheduler-locking", "info breakpoints", "delete", "continue"),
    )
    after = gdb.out[LINE.search(gdb.out).end() :]
    assert re.search(r"^#1 ", after, re.MULTILINE)
    assert 'locking scheduler during execution is "step"' in after
    assert len(re.findall(r"^\d .*(?:del|keep) +y +0x\w+ in ", after, re.MULTILINE)) == 2, after
    assert untouched(guest)


def test_a_breakpoint_one_byte_on_is_not_mistaken(smp_at_call):
    """GDB would set RIP back by one, were the breakpoint before it a software one."""
    gdb, guest = smp_at_call(
        "stepi", "break *$rip-1", CALL, "info symbol $rip", "delete", "continue"
    )
    assert LINE.search(gdb.out)
    assert "make_call + 1 in section .text" in gdb.out
    assert untouched(guest)


def test_a_stop_behind_a_traced_return_is_where_it_is(folder):
    """make_call begins at the byte behind a return, and GDB must not put RIP back to that one."""
    with Guest(folder, arguments_of("smp")) as guest:
        trace = f"hypercall trace -o {folder / 'trace'}"
        then = ("continue", "info symbol $rip", "hypercall trace off", "delete", "continue")
        gdb = gdb_at(guest, SMP, trace, "break make_call", *then)
        assert "\nmake_call in section .text\n" in gdb.out
        assert untouched(guest.finished())
