# SPDX-License-Identifier: BSD-3-Clause
"""The commonest first mistake: a guest without a hypervisor (tests/gdb/guests/unanswered.c)."""

import os
import re
import signal

import pytest

from helpers.canonical import events_of
from helpers.guests import Guest, common_arguments
from helpers.process import SECONDS, Run, ended, interrupt, read_until, start
from helpers.tracing import acrn_trace, gdb_at, gdb_command
from helpers.tree import LAUNCHER

RESETS = [word for word in common_arguments() if word != "-no-reboot"]
CALL = r"nobody answered get_api_version, the VMCALL at 0x[0-9a-f]+ \(calls\.S:\d+ call_once\), "
BARE = r"no hypervisor is below the guest \(QEMU's TCG has no VMX, and its SVM is off\), so VMCALL "
NO_HANDLER = BARE + r"raises #UD, for which the guest has no handler; "
HANDLER = BARE + r"raises #UD, whose handler is 0x[0-9a-f]+ \(trap_entries\+96\); "
ADVICE = r"have it answered by --mock acrn .*docs/what-works-where\.md\)"
# In its handler, or still in what that prints with: the line is seen before the guest is back.
WAITING = r"\([a-z_]+\+\d+\)"
PERHAPS = (
    r"VMCALL raises #UD where no hypervisor takes it, and where ACRN lets the VM make no call; "
)
TRIPLE_FAULT = r"the guest ended in a triple fault \(QEMU's '-d int -D FILE' logs what led there\)"
NO_CALL = r"no site of the image was reached: is it the image that the guest runs, .*"
BEFORE_END, BEFORE_RESET = "before the guest ended: ", "before the guest was reset: "
IN_CIRCLE = "and the guest was reset 3 times in a row: "
IN_FLIGHT = "with 1 call in flight +++\n"

# By -append of the guest: the launcher's sentence.
SENTENCES = {
    "no-idt": f"{TRIPLE_FAULT}; {CALL}{BEFORE_END}{NO_HANDLER}{ADVICE}",
    "exits": "QEMU ended with status 3: the guest wrote 1 to isa-debug-exit; "
    f"{CALL}{BEFORE_END}{HANDLER}{ADVICE}",
    "moves-on": f"{CALL}{BEFORE_END}{HANDLER}{ADVICE}",
    "svm": f"{TRIPLE_FAULT}; {CALL}{BEFORE_END}{PERHAPS}{ADVICE}",
    "dies-after": TRIPLE_FAULT,
    "dies-before": f"{TRIPLE_FAULT}; {NO_CALL}",
    "no-call": NO_CALL,
}


@pytest.fixture
def image(test_guest):
    return test_guest("unanswered")


def traced(image, way: str, *options: object, line=None) -> Run:
    return acrn_trace(*options, image, "--", *(line or common_arguments()), "-append", way)


def sentence(run: Run) -> str:
    """The launcher's one, of a run that failed."""
    assert run.status == 3, run
    (said,) = [one for one in run.err.splitlines() if one.startswith("acrn-trace: ")]
    assert run.err.endswith(f"{said}\n")
    return said.removeprefix("acrn-trace: ")


@pytest.mark.parametrize("way", SENTENCES)
def test_what_happened_is_told(way, image):
    assert re.fullmatch(SENTENCES[way], sentence(traced(image, way, "-q")))


def test_the_call_in_flight_is_in_the_trace(image, folder):
    run = traced(image, "no-idt", "-f", "jsonl", "-o", folder / "trace")
    (call,) = events_of(folder / "trace")
    assert (call["name"], call["status"], call["ret"]) == ("get_api_version", "unfinished", None)
    assert run.err.count("\n") == 1, run


@pytest.mark.parametrize("way, options", [("", ()), ("no-idt", ("--mock", "acrn"))])
def test_an_answer_of_the_guests_own_or_of_a_mock_is_one(way, options, image):
    run = traced(image, way, *options)
    assert (run.status, run.out) == (0, "unanswered: done\n"), run
    assert "nobody" not in run.err


def test_a_guest_that_is_reset_for_ever_is_told_at_once_and_given_up(image):
    run = traced(image, "no-idt", line=RESETS)
    assert re.fullmatch(f"{CALL}{IN_CIRCLE}{NO_HANDLER}{ADVICE}; tracing has ended", sentence(run))
    assert run.err.count("+++ the guest was reset, " + IN_FLIGHT) == 3
    notices = re.findall(rf"\+\+\+ ({CALL}.*) \+\+\+\n", run.err)
    assert len(notices) == 1 and run.err.index(notices[0]) < run.err.rindex("\n[0] ")
    assert re.fullmatch(f"{CALL}{BEFORE_RESET}{NO_HANDLER}{ADVICE}", notices[0])


@pytest.mark.long
def test_one_that_is_reset_for_ever_before_any_call(image):
    said = sentence(traced(image, "dies-before", line=RESETS))
    assert said.startswith("the guest was reset 3 times in a row, and no call of it came back")


def test_an_interrupt_of_a_guest_that_waits_in_its_handler(image):
    line = [*common_arguments(), "-append", "halts"]
    with ended(start([LAUNCHER, image, "--", *line])) as process:
        read_until(process.stdout, "unanswered: invalid opcode\n")
        os.killpg(process.pid, signal.SIGINT)
        _, err = process.communicate(timeout=SECONDS)
    said = sentence(Run(process.returncode, "", err))
    where = rf"and the guest is at 0x[0-9a-f]+ {WAITING} now: "
    assert re.fullmatch(f"{CALL}{where}{HANDLER}{ADVICE}", said)


def test_attached(image, folder):
    line = [*common_arguments(), "-kernel", image, "-append", "no-idt"]
    with Guest(folder, line) as guest:
        run = acrn_trace("-p", guest.socket, image)
        assert guest.finished().status == 0
    assert re.fullmatch(f"{CALL}{BEFORE_END}{NO_HANDLER}{ADVICE}", sentence(run))


@pytest.mark.long
def test_attached_to_one_that_ends_qemu(image, folder):
    with Guest(folder, [*common_arguments(), "-kernel", image, "-append", "exits"]) as guest:
        said = sentence(acrn_trace("-p", guest.socket, image))
        assert guest.finished().status == 3
    # QEMU 7.2 hangs up first, without a word to GDB.
    assert re.search(f"{CALL}{BEFORE_END}{HANDLER}{ADVICE}$", said)


def test_in_gdb_at_the_guests_end(image, folder):
    with Guest(folder, [*common_arguments(), "-kernel", image, "-append", "no-idt"]) as guest:
        gdb = gdb_at(guest, image, "hypercall trace", "continue")
    told = rf"{CALL}{BEFORE_END}{NO_HANDLER}{ADVICE}"
    assert re.search(rf", with 1 call in flight \+\+\+\n\+\+\+ {told} \+\+\+\n", gdb.out), gdb


def test_in_gdb_a_guest_in_a_circle_is_stopped_at_its_entry(image, folder):
    with Guest(folder, [*RESETS, "-kernel", image, "-append", "no-idt"]) as guest:
        gdb = gdb_at(guest, image, "hypercall trace", "continue", "info symbol $pc")
    assert re.search(rf"^\+\+\+ {CALL}{BEFORE_RESET}{NO_HANDLER}{ADVICE} \+\+\+$", gdb.out, re.M)
    assert re.search(rf"^acrn-trace: {CALL}{IN_CIRCLE}.*; tracing has ended\.$", gdb.err, re.M)
    assert "\npvh_entry in section " in gdb.out


def test_in_gdb_an_interrupt_tells_where_the_guest_waits(image, folder):
    line = [*common_arguments(), "-kernel", image, "-append", "halts"]
    with Guest(folder, line) as guest:
        command = gdb_command(image, f"target remote {guest.socket}", "hypercall trace", "continue")
        with ended(start(command)) as gdb:
            read_until(guest.process.stdout, "unanswered: invalid opcode\n")
            seen = interrupt(gdb, gdb.stdout, "what-works-where.md")
    assert re.search(rf"\+\+\+ {CALL}and the guest is at 0x\w+ {WAITING} now: {HANDLER}", seen)
