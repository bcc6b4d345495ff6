# SPDX-License-Identifier: BSD-3-Clause
"""Catchpoints: each form stops where it says and nowhere else, and tracing goes on exactly."""

import re
from collections import Counter

import pytest
from live import (
    IMAGES,
    SECONDS,
    Guest,
    arguments_of,
    common_arguments,
    events_of,
    gdb_at,
    gdb_command,
    printed_untraced,
    run,
)

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
    assert len(paused) >= 9 and set(paused) == {"mock"}
    assert sum(event["status"] == "unfinished" for event in events) <= 4  # in flight at the end
    hits = re.findall(r"hit Catchpoint (1|2)", gdb.out)
    assert abs(hits.count("1") - hits.count("2")) <= 2


UNTOUCHED = [f"{n}: 1 {100 + n} 1 = {n} {100 + n}" for n in range(6)]


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


def test_commands_with_continue_do_not_pile_up(six_calls):
    """Each on top of the one before would end in Python's limit of recursion at a thousand."""
    told, gdb = six_calls(
        "python import sys; sys.setrecursionlimit(60)",
        "catch hypercall",
        "python gdb.breakpoints()[-1].commands = 'silent\\nprintf \"[%d]\", $n++\\ncontinue'",
        "catch hypercall -r",
        "python gdb.breakpoints()[-1].commands = 'silent\\nprintf \"<%d>\", $n++\\ncontinue'",
        "set $n = 0",
        "continue",
    )
    assert told == UNTOUCHED
    assert "".join(f"[{n}]<{n + 1}>" for n in range(0, 12, 2)) in gdb.out, gdb


def test_continue_anywhere_in_the_commands_is_gdbs_own(six_calls):
    told, gdb = six_calls(
        "python import sys; sys.setrecursionlimit(60)",
        "catch hypercall",
        'python gdb.breakpoints()[-1].commands = \'silent\\nif $n++ < 4\\n  printf "[%d]", $n\\n'
        '  continue\\nend\\nprintf "at %d\\\\n", $n\'',
        "set $n = 0",
        "continue",
        "continue",
        "delete",
        "continue",
    )
    assert told == UNTOUCHED
    assert "\n[1][2][3][4]at 5\nat 6\n" in gdb.out, gdb


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


def test_hits_are_counted_and_those_of_enable_once_and_count(six_calls):
    told, gdb = six_calls(
        *("catch hypercall", "enable once 1", "catch hypercall -r", "enable count 2 2"),
        "tbreak between_calls if index == 4",
        *("continue",) * 4,
        "info breakpoints",
        *("delete", "continue"),
    )
    assert told == UNTOUCHED
    assert re.findall(r"hit Catchpoint (\d)", gdb.out) == ["1", "2", "2"], gdb
    listed = gdb.out.partition("Num     Type")[2]
    assert re.search(r"^1 +breakpoint +dis +n +<PENDING> +call to hypercall$", listed, re.M)
    assert re.search(r"^2 +breakpoint +dis +n +<PENDING> +return from hypercall$", listed, re.M)
    hits = "Catchpoint 1 already hit 1 time\nCatchpoint 2 already hit 2 times\n"
    assert hits in listed, listed


def test_a_condition_that_cannot_be_evaluated_stops_and_says_so(six_calls):
    told, gdb = six_calls("catch hypercall if no_such_thing > 1", "continue", "delete", "continue")
    assert told == UNTOUCHED
    assert 'Error in testing condition for catchpoint 1: No symbol "no_such_thing"' in gdb.out


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
        "Catchpoint" not in gdb.out
        and "has arguments 1 and 2" in gdb.err
        and "$1 = void" in gdb.out
    )


def test_it_may_be_set_before_the_guest_is_there(test_guest, folder):
    image = test_guest("tampered")
    with Guest(folder, [*common_arguments(), "-kernel", image]) as machine:
        attach = f"target remote {machine.socket}"
        gdb = run(gdb_command(image, "catch hypercall", attach, "continue", "delete", "continue"))
        assert machine.finished().out.splitlines() == UNTOUCHED
    assert "hit Catchpoint 1 (call to hypercall create_vm)" in gdb.out, gdb
