# SPDX-License-Identifier: BSD-3-Clause
"""A catchpoint takes what a breakpoint of GDB's own takes, and is told like one."""

import re
from collections import Counter

from helpers.canonical import events_of
from helpers.guests import Guest, common_arguments
from helpers.process import run
from helpers.tampered import UNTOUCHED
from helpers.tracing import gdb_command


def test_a_stop_is_told_like_gdbs_own_and_the_entry_takes_what_a_breakpoint_takes(six_calls):
    told, gdb = six_calls(
        "catch hypercall create_vm",
        "ignore 1 2",
        "condition 1 creation.vmid != 103",
        "tcatch hypercall -r",
        "info breakpoints",
        "continue",
        "print $_hypercall_ret",
        "info breakpoints",
        "continue",
        "print $_hypercall_arg(1) == &creation",
        "print creation.vmid",
        "disable 1",
        "tbreak between_calls if index == 5",
        "continue",
        "print $_hypercall_name",
        "enable 1",
        "continue",
        "delete 1",
        "continue",
    )
    assert told == UNTOUCHED
    first, second, *_ = gdb.out.split("Num     Type")[1:]
    assert "<PENDING>" in first and "call to hypercall create_vm\n" in first
    assert "stop only if creation.vmid != 103\n" in first and "ignore next 2 hits" in first
    assert re.search(r"^2 +breakpoint +del +y .*return from hypercall$", first, re.MULTILINE)
    assert "return from" not in second
    hits = re.findall(r"hit Catchpoint (\d) \((.*)\), at (.*)\n#0 +call_once", gdb.out)
    site = "calls.S:11 call_once"
    assert hits == [
        ("2", "returned from hypercall create_vm = 0", site),
        ("1", "call to hypercall create_vm", site),
        ("1", "call to hypercall create_vm", site),
    ], gdb
    assert "$1 = 0\n$" not in gdb.out and "$1 = 0\n" in gdb.out
    assert "$3 = 102\n" in gdb.out and "$4 = void\n" in gdb.out, gdb


def test_commands_with_continue_do_not_pile_up(six_calls):
    """Each on top of the one before would end in Python's limit of recursion at a thousand."""
    told, gdb = six_calls(
        "catch hypercall",
        "python gdb.breakpoints()[-1].commands = 'silent\\nprintf \"[%d]\", $n++\\ncontinue'",
        "catch hypercall -r",
        "python gdb.breakpoints()[-1].commands = 'silent\\nprintf \"<%d>\", $n++\\ncontinue'",
        "set $n = 0",
        "python import sys; sys.setrecursionlimit(60)",
        "continue",
    )
    assert told == UNTOUCHED
    assert "".join(f"[{n}]<{n + 1}>" for n in range(0, 12, 2)) in gdb.out, gdb


def test_continue_anywhere_in_the_commands_is_gdbs_own(six_calls):
    told, gdb = six_calls(
        "catch hypercall",
        'python gdb.breakpoints()[-1].commands = \'silent\\nif $n++ < 4\\n  printf "[%d]", $n\\n'
        '  continue\\nend\\nprintf "at %d\\\\n", $n\'',
        "set $n = 0",
        "python import sys; sys.setrecursionlimit(60)",
        "continue",
        "continue",
        "delete",
        "continue",
    )
    assert told == UNTOUCHED
    assert "\n[1][2][3][4]at 5\nat 6\n" in gdb.out, gdb


def test_a_trace_may_begin_at_a_caught_call(six_calls, folder):
    told, gdb = six_calls(
        "catch hypercall if creation.vmid == 102",
        "continue",
        f"hypercall trace -f jsonl -o {folder / 'trace'}",
        "continue",
    )
    assert told == UNTOUCHED
    events = events_of(folder / "trace")
    assert Counter(event["status"] for event in events) == {"returned": 4}, gdb
    assert events[0]["ret"] == 2


def test_the_users_own_breakpoint_at_the_site_and_ours(six_calls):
    told, gdb = six_calls(
        "catch hypercall if creation.vmid == 101",
        "break *(char *)call_once + 9 if creation.vmid > 100",
        "continue",
        "delete",
        "continue",
    )
    assert told == UNTOUCHED
    assert "hit Catchpoint 1" in gdb.out and "Breakpoint 2, call_once" in gdb.out, gdb


def test_help_completion_and_errors(six_calls):
    told, gdb = six_calls(
        "help catch hypercall",
        "complete tcatch hypercall create_v",
        "catch hypercall strat_vm",
        "catch hypercall if",
        "catch hypercall if $_hypercall_arg(1) ==",
        "print $_hypercall_arg(3)",
        "print $_hypercall_arg(1)",
        "continue",
    )
    assert told == UNTOUCHED
    assert "$_hypercall_arg(1)" in gdb.out and "tcatch hypercall create_vm\n" in gdb.out
    assert "did you mean start_vm" in gdb.err and "the condition is missing" in gdb.err
    assert "'$_hypercall_arg(1) ==' is no expression: A syntax error in expression" in gdb.err
    assert (
        "Catchpoint" not in gdb.out and "has arguments 1 to 2" in gdb.err and "$1 = void" in gdb.out
    )


def test_it_may_be_set_before_the_guest_is_there(test_guest, folder):
    image = test_guest("tampered")
    with Guest(folder, [*common_arguments(), "-kernel", image]) as machine:
        attach = f"target remote {machine.socket}"
        gdb = run(gdb_command(image, "catch hypercall", attach, "continue", "delete", "continue"))
        assert machine.finished().out.splitlines() == UNTOUCHED
    assert "hit Catchpoint 1 (call to hypercall create_vm)" in gdb.out, gdb
