# SPDX-License-Identifier: BSD-3-Clause
"""Catchpoints and rules when more happens: two vCPUs, an interrupt, a new connection, an end."""

import re

import pytest

from helpers.canonical import events_of
from helpers.guests import Guest, arguments_of, common_arguments, image_of, printed_untraced
from helpers.process import SECONDS, ended, interrupt, read_until, run, start
from helpers.tampered import UNTOUCHED
from helpers.tracing import gdb_at, gdb_command

EVENTS = 300


def test_rules_count_the_calls_of_two_vcpus_together(folder):
    """The guest ends at the first result that is not ACRN's, so that ACRN's are injected."""
    trace = folder / "trace"
    with Guest(folder, arguments_of("smp")) as guest:
        gdb = gdb_at(
            guest,
            image_of("smp"),
            "hypercall inject pause_vm:error=EPERM:when=2+2",
            "hypercall inject get_api_version:delay_exit=1us:when=3+3",
            f"hypercall trace -f jsonl -o {trace}",
            *("break call_log_claim", f"ignore $bpnum {EVENTS}", "continue", "hypercall inject"),
            *("hypercall inject off", "hypercall trace off", "delete", "continue"),
        )
        untraced = printed_untraced(arguments_of("smp"))
        told = guest.finished()
    assert (told.status, told.out) == (0, untraced), gdb
    events = sorted(events_of(trace), key=lambda event: event["seq"])
    paused = [event for event in events if event["name"] == "pause_vm"]
    asked = [event for event in events if event["name"] == "get_api_version"]
    assert {event["vcpu"] for event in paused} == {0, 1}
    for count, event in enumerate(paused, 1):
        assert (event["answered_by"] == "inject") == (count % 2 == 0), (count, event)
    for count, event in enumerate(asked, 1):
        if event["status"] == "returned":
            assert bool(event.get("injected")) == (count % 3 == 0), (count, event)
    assert f"when=2+2  ({len(paused)} calls so far)\n" in gdb.out
    assert f"when=3+3  ({len(asked)} calls so far)\n" in gdb.out


# Tells when the guest is being held, so that what is done then is not left to chance.
HELD = """
from acrn_trace.in_gdb.hands import GuestHands

hold = GuestHands.hold

def told(hands, seconds):
    if seconds:
        gdb.write("HELD\\n")
        gdb.flush()
    hold(hands, seconds)

GuestHands.hold = told
"""


@pytest.fixture
def held(test_guest, folder):
    """A GDB whose guest is held for an hour at its second call, the guest, and what ends both."""
    script = folder / "held.py"
    script.write_text(HELD)

    def session(where, then, *commands):
        image = test_guest("tampered")
        with Guest(folder, [*common_arguments(), "-kernel", image]) as guest:
            rule = f"hypercall inject create_vm:{where}=3600s:when=2"
            trace = f"hypercall trace -f jsonl -o {folder / 'trace'}"
            given = (f"target remote {guest.socket}", f"source {script}", trace, rule, "continue")
            gdb = start(gdb_command(image, *given, *commands))
            with ended(gdb):
                read_until(gdb.stdout, "HELD\n")
                then(gdb, guest)
                out, err = gdb.communicate(timeout=SECONDS)
            return out, err, guest.finished().out.splitlines()

    return session


@pytest.mark.parametrize("where", ["delay_enter", "delay_exit"])
def test_an_interrupt_ends_a_delay_and_the_guest_stops(where, held, folder):
    def stop(gdb, _guest):
        interrupt(gdb, gdb.stdout, "INTERRUPTED")

    out, err, told = held(where, stop, "echo INTERRUPTED\\n", "print creation.vmid", "continue")
    assert "$1 = 101\n" in out and "Traceback" not in err, (out, err)
    assert told == UNTOUCHED
    events = events_of(folder / "trace")
    assert [event["ret"] for event in events] == list(range(6))
    assert [bool(event.get("injected")) for event in events] == [n == 1 for n in range(6)]


def test_a_guest_that_ends_while_it_is_held(held, folder):
    def kill(gdb, guest):
        guest.process.kill()
        guest.process.wait()
        interrupt(gdb, gdb.stdout, "THEN")

    out, err, told = held("delay_exit", kill, "echo THEN\\n", "info breakpoints")
    assert told == UNTOUCHED[:1] and "Traceback" not in err + out, (out, err)
    assert len(events_of(folder / "trace")) == 2, (out, err)


ODD = "creation.vmid % 2"


@pytest.mark.parametrize(
    "caught", [[f"catch hypercall if {ODD}"], ["catch hypercall", f"condition 1 {ODD}"]]
)
def test_they_stay_over_a_new_connection(caught, test_guest, folder):
    """GDB looks for places anew then, and disables what it does not find, as after 'condition'."""
    image = test_guest("tampered")
    with Guest(folder, [*common_arguments(), "-kernel", image]) as guest:
        attach = f"target remote {guest.socket}"
        gdb = run(
            gdb_command(
                image,
                *(attach, *caught, "continue"),
                *("hypercall inject create_vm:retval=9:when=2", "hypercall mock create_vm 5"),
                *("disconnect", attach, "continue", "info breakpoints", "hypercall inject"),
                *("delete", "hypercall mock off", "continue"),
            )
        )
        told = guest.finished().out.splitlines()
    assert len(re.findall(r"hit Catchpoint 1 \(call to hypercall create_vm\)", gdb.out)) == 2, gdb
    assert "Catchpoint 1 already hit 2 times\n" in gdb.out
    assert re.search(r"^1 +breakpoint +keep +y ", gdb.out, re.M)
    assert "(2 calls so far)\n" in gdb.out
    answered = [f"{n}: 0 0 0 = {ret} {100 + n}" for n, ret in ((2, 5), (3, 9))]
    assert told == UNTOUCHED[:2] + answered + [
        f"{n}: 1 {100 + n} 1 = {n - 2} {100 + n}" for n in (4, 5)
    ]


@pytest.mark.parametrize("caught", [[], ["catch hypercall", "catch hypercall -r"]])
def test_sites_one_right_after_the_other(caught, test_guest, folder):
    """Where an answered call comes back the next one begins, and is seen, shown and answered."""
    image, trace = test_guest("adjacent"), folder / "trace"
    with Guest(folder, [*common_arguments(), "-kernel", image]) as guest:
        commands = [f"hypercall trace -f jsonl -o {trace}", "hypercall inject all:retval=7"]
        stops = ["continue"] * 9 + ["delete"] if caught else []
        gdb = gdb_at(guest, image, *commands, *caught, *stops, "continue")
        assert guest.finished().out == "adjacent: 7\n"
    events = events_of(trace)
    assert [event["ret"] for event in events] == [7] * 6
    assert [event["args"][0] for event in events] == ["0x0", "0x0", "0x1", "0x1", "0x2", "0x2"]
    assert len({event["site"] for event in events}) == 2
    assert gdb.out.count("hit Catchpoint") == (12 if caught else 0), gdb


def test_a_step_from_an_answered_call_to_the_next(test_guest, folder):
    image = test_guest("adjacent")
    with Guest(folder, [*common_arguments(), "-kernel", image]) as guest:
        places = ["stepi", "print (long) $pc"] * 2
        rule = "hypercall inject all:retval=7"
        gdb = gdb_at(guest, image, rule, "catch hypercall", "continue", *places, "kill")
        guest.finished()
    at, after = (int(place) for place in re.findall(r"^\$\d = (-\d+)$", gdb.out, re.M))
    assert after == at + 3 and gdb.out.count("hit Catchpoint") == 2, gdb


def test_a_reset_at_a_catchpoint(test_guest, folder):
    """The calls begin anew, and so does nothing else: the rule goes on counting."""
    arguments = [word for word in common_arguments() if word != "-no-reboot"]
    image, trace = test_guest("tampered"), folder / "trace"
    with Guest(folder, [*arguments, "-kernel", image]) as guest:
        gdb = gdb_at(
            guest,
            image,
            f"hypercall trace -f jsonl -o {trace}",
            "hypercall inject create_vm:retval=9:when=3",
            "catch hypercall create_vm if creation.vmid == 102",
            *("continue", "monitor system_reset", "continue", "delete", "continue"),
        )
        told = guest.finished().out.splitlines()
    assert gdb.out.count("hit Catchpoint 1") == 2, gdb
    assert told == UNTOUCHED[:2] + UNTOUCHED, gdb
    events = events_of(trace)
    assert [event["status"] for event in events] == ["returned"] * 2 + ["unfinished"] + [
        "returned"
    ] * 6
    assert "Traceback" not in gdb.err


def test_gdb_keeps_no_more_files_open_with_each_answer(test_guest, folder):
    image = test_guest("tampered")
    files = "python import os; print('open:', len(os.listdir('/proc/self/fd')))"
    with Guest(folder, [*common_arguments(), "-kernel", image]) as guest:
        answered = ["hypercall mock create_vm 5", "catch hypercall", "continue"]
        gdb = gdb_at(guest, image, *answered, files, *["continue"] * 4, files, "kill")
        guest.finished()
    before, after = map(int, re.findall(r"^open: (\d+)$", gdb.out, re.M))
    assert after < before + 4 and gdb.out.count("hit Catchpoint") == 5, gdb


@pytest.mark.parametrize("mocked", [[], ["hypercall mock create_vm 5"]])
def test_a_guest_that_ends_at_a_catchpoint(mocked, test_guest, folder):
    """Also at a call that is to be answered when the guest goes on."""
    image = test_guest("tampered")
    with Guest(folder, [*common_arguments(), "-kernel", image]) as guest:
        process = f"/proc/{guest.process.pid}"  # whose sockets are open until its last thread ends
        over = f"grep -q ') Z' {process}/stat && [ $(ls {process}/task | wc -l) = 1 ]"
        gone = f"shell until {over}; do sleep 0.01; done"
        gdb = gdb_at(
            guest,
            image,
            *(*mocked, "catch hypercall", "continue", "monitor quit", gone, "continue"),
            *("info breakpoints", "print $_hypercall_name", "hypercall mock off", "delete"),
        )
        guest.finished()
    assert "Traceback" not in gdb.err + gdb.out and "Python Exception" not in gdb.err, gdb
    assert "Catchpoint 1 already hit 1 time\n" in gdb.out and "$1 = void\n" in gdb.out, gdb
