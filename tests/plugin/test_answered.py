# SPDX-License-Identifier: BSD-3-Clause
"""The plugin answers calls as ACRN would, without a hypervisor, a debugger or a stop."""

import json

import pytest
from acrn_trace.cli.plugin import ANSWERS_FROM, api_of
from helpers.guests import (
    QEMU,
    arguments_of,
    build_test_guests,
    common_arguments,
    image_of,
    printed_untraced,
)
from helpers.launching import HELLO, HELLO_LINE, check_refused
from helpers.smp_log import CALLS
from helpers.tracing import acrn_trace
from helpers.tree import GUESTS

ACRN = "acrn memory=0x2000000"  # as examples/hypervisor gives its guest
MODEL = """\
@model.call("get_api_version")
def get_api_version(call):
    return 1
"""
CAN_ANSWER = api_of(QEMU) >= ANSWERS_FROM


def play(image, *options, mock=ACRN, more=()):
    line = ("--", *common_arguments(), "-kernel", image, *more)
    return acrn_trace("--engine", "plugin", "--mock", mock, *options, image, *line)


def events(folder, image, **how):
    played = play(image, "-f", "jsonl", "-o", folder / "trace", **how)
    assert played.status == 0, played
    return played.out, [json.loads(line) for line in (folder / "trace").read_text().splitlines()]


if CAN_ANSWER:

    @pytest.fixture(scope="module", autouse=True)
    def guests():
        build_test_guests()

    def test_every_call_of_two_vcpus_under_timers_is_answered_as_the_guest_expects(folder):
        printed, made = events(folder, image_of("smp"), more=("-smp", "2"))
        assert printed == printed_untraced(arguments_of("smp"))
        assert len(made) == CALLS
        assert {event["answered_by"] for event in made} == {"mock"}

    @pytest.mark.parametrize("example", ["hello", "service"])
    def test_a_guest_cannot_tell_it_from_the_hypervisor(example, folder):
        printed, made = events(folder, image_of(example))
        assert printed == printed_untraced(arguments_of(example))
        assert {event["status"] for event in made} == {"returned"}

    def test_flags_are_kept_wherever_the_call_is_made(folder):
        printed, made = events(folder, GUESTS / "flags.elf")
        assert printed == "flags: 64 kinds of code, 0 wrong\n"
        assert len(made) == 2 * 64

    @pytest.mark.parametrize("gate", ["interrupt", "trap"])
    def test_an_interrupt_may_come_right_behind_a_call(gate, folder):
        """Through a trap gate one may also come between #UD and its handler."""
        printed, made = events(folder, GUESTS / "behind.elf", more=("-append", gate))
        assert printed == "behind: 1800 calls, 0 wrong\n"
        assert {event["status"] for event in made} == {"returned"}

    @pytest.mark.parametrize("where", ["user", "no-handler"])
    def test_what_cannot_be_answered_exactly_is_counted_and_said(where):
        refused = play(GUESTS / "refused.elf", more=("-append", where))
        said = "acrn-trace: 1 call could not be answered, and reached the processor: from user mode"
        assert said in refused.err, refused
        assert refused.status == (0 if where == "user" else 3)  # a triple fault
        assert ("refused: #UD in ring 3" in refused.out) == (where == "user")
        assert " = ? <unfinished ...>" in refused.err

    def test_a_fixed_result_comes_before_the_model():
        played = play(image_of("hello"), "--mock", "get_api_version -EBUSY")
        assert " = -16 EBUSY (Device or resource busy) " in played.err, played

    def test_what_takes_a_stop_is_refused(folder):
        model = folder / "model.py"
        model.write_text(MODEL)
        check_refused(play(HELLO, mock=str(model)), 2, "--engine gdb")
        check_refused(play(HELLO, mock="acrn version=v1.5"), 2, "the newest ACRN")

else:

    def test_answering_needs_a_newer_qemu():
        refused = acrn_trace("--engine", "plugin", "--mock", "acrn", HELLO, *HELLO_LINE)
        check_refused(refused, 2, "needs QEMU 11.1", "--engine gdb")
