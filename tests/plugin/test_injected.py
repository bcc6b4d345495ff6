# SPDX-License-Identifier: BSD-3-Clause
"""Each form of injection, done by the plugin, on a guest that says what arrived and what came."""

import pytest
from acrn_trace.cli.plugin import ANSWERS_FROM, api_of
from helpers.canonical import events_of
from helpers.guests import QEMU, build_test_guests, common_arguments, image_of
from helpers.launching import HELLO, check_refused
from helpers.tampered import FORMS, said
from helpers.tracing import acrn_trace
from helpers.tree import GUESTS

ACRN = "acrn memory=0x2000000"  # as examples/hypervisor gives its guest
TO_THE_DEBUGGER = {
    "create_vm:poke_enter=rflags=0x246": "does not tell its plugins the flags",
    "create_vm:poke_exit=rflags=0x246": "does not tell its plugins the flags",
}


def traced(inject, *options, image="tampered"):
    options = (
        "--engine",
        "plugin",
        *(word for one in inject for word in ("-e", f"inject={one}")),
        *options,
    )
    return acrn_trace(*options, GUESTS / f"{image}.elf", "--", *common_arguments())


def texts(run):
    return run.out + run.err


if api_of(QEMU) >= ANSWERS_FROM:

    @pytest.fixture(scope="module", autouse=True)
    def guests():
        build_test_guests()

    @pytest.mark.parametrize("form", FORMS)
    def test_it_changes_what_it_says_on_the_calls_it_says(form, folder):
        changed, words = FORMS[form]
        output = folder / "trace"
        run = traced([f"create_vm:{form}"], "-f", "jsonl", "-o", output)
        assert (run.status, run.err) == (0, ""), run
        assert run.out.splitlines() == said(changed)
        events = events_of(output)
        tampered = [event for event in events if event.get("injected")]
        delayed = {2} if "delay" in form else set()
        assert {event["seq"] for event in tampered} == set(changed) | delayed
        assert [event["ret"] for event in events] == [
            hex(n) if n >= 1 << 31 else n for n in (int(text.split()[5]) for text in said(changed))
        ]
        assert all(event["clobbered"] == {} and event["findings"] == [] for event in events)
        for event in events:
            by_us = event in tampered and any(word in form for word in ("error", "retval", "skip"))
            assert event["answered_by"] == ("inject" if by_us else "hypervisor")
        if "delay_enter" in form:
            assert events[2]["duration"] > 0.03
        shown = texts(traced([f"create_vm:{form}"]))
        again = acrn_trace("report", output).out
        for text in (shown, again):
            assert not words or text.count(f"{words} <") == len(tampered), text

    def test_rules_add_up_and_a_summary_counts_them():
        two = ["create_vm:error=EBUSY:when=2", "all:delay_exit=1:when=3"]
        run = traced(two, "-c")
        assert run.status == 0, run
        assert "create_vm  EBUSY 1  (2 injected)\n" in texts(run)

    def test_a_rule_comes_before_what_is_mocked():
        rule = ("-e", "inject=get_api_version:error=EBUSY")
        mocks = ("--mock", ACRN, "--mock", "get_api_version -EPERM")
        line = ("--", *common_arguments(), "-kernel", HELLO)
        injected = acrn_trace("--engine", "plugin", *rule, *mocks, HELLO, *line)
        mocked = acrn_trace("--engine", "plugin", *mocks, HELLO, *line)
        assert " = -16 EBUSY (Device or resource busy) (INJECTED) <" in texts(injected)
        assert " = -1 (failed; = EPERM) (MOCKED) <" in texts(mocked)

    def test_what_cannot_be_poked_is_told_and_nothing_is_changed(folder):
        nowhere = "error=EPERM:poke_enter=rdi=0x7fffffff0000,vm.vmid=7:when=1"
        run = traced([f"create_vm:{nowhere}"], "-f", "jsonl", "-o", folder / "trace")
        assert run.out.splitlines() == said({0: dict(arrived=0, ret=-1)})
        (first, *_) = events_of(folder / "trace")
        assert first["injected"][0] == "error=EPERM"
        assert first["injected"][2] == "unpoked vm.vmid: there is no memory at 0x7fffffff0000"

    def test_through_pointers_up_to_the_end_that_the_structure_says(folder):
        service, out = image_of("service"), folder / "trace"
        rules = [
            f"set_memory_regions:poke_enter=regions.regions_gpa[{n}].gpa=0x5000" for n in (0, 9)
        ]
        options = [word for rule in rules for word in ("-e", f"inject={rule}:when=1")]
        line = ("--", *common_arguments(), "-kernel", service)
        how = ("--engine", "plugin", "--mock", ACRN, "-f", "jsonl", "-o", out)
        acrn_trace(*options, *how, service, *line)
        (done,) = [event["injected"] for event in events_of(out) if "injected" in event]
        assert done == [
            "poke_enter regions.regions_gpa[0].gpa: 0x0 => 0x5000",
            "unpoked regions.regions_gpa[9].gpa: it has 1 elements",
        ]

    @pytest.mark.parametrize("rule", TO_THE_DEBUGGER)
    def test_what_takes_the_debugger_is_refused(rule):
        check_refused(traced([rule]), 2, TO_THE_DEBUGGER[rule], "--engine gdb")

else:

    def test_changing_calls_needs_a_newer_qemu():
        rule = ("-e", "inject=create_vm:delay_exit=1")
        refused = acrn_trace("--engine", "plugin", *rule, HELLO, "--", *common_arguments())
        check_refused(refused, 2, "needs QEMU 11.1", "--engine gdb")
