# SPDX-License-Identifier: BSD-3-Clause
"""Each form of injection, on a guest that says what arrived and what came back."""

import json
import re

import pytest

from helpers.canonical import events_of
from helpers.guests import common_arguments
from helpers.tampered import CALLS, FORMS, said
from helpers.tracing import acrn_trace


@pytest.mark.parametrize("form", FORMS)
def test_it_changes_what_it_says_on_the_calls_it_says(form, six_calls, folder):
    changed, words = FORMS[form]
    output = folder / "trace"
    told, gdb = six_calls(
        f"hypercall inject create_vm:{form}",
        f"hypercall trace -f jsonl -o {output}",
        "continue",
    )
    assert told == said(changed), gdb
    events = events_of(output)
    tampered = [event for event in events if event.get("injected")]
    delayed = {2} if "delay" in form else set()
    assert {event["seq"] for event in tampered} == set(changed) | delayed
    assert [event["ret"] for event in events] == [
        hex(n) if n >= 1 << 31 else n for n in (int(text.split()[5]) for text in told)
    ]
    assert all(event["clobbered"] == {} and event["findings"] == [] for event in events)
    for event in events:
        by_us = event in tampered and any(word in form for word in ("error", "retval", "skip"))
        assert event["answered_by"] == ("inject" if by_us else "hypervisor")
    if "delay_enter" in form:
        assert events[2]["duration"] > 0.03
    text = acrn_trace("report", output)
    assert text.status == 0, text
    shown = [line for line in text.out.splitlines() if words and words in line]
    assert not words or len(shown) == len(tampered), text.out


def test_nothing_after_off(six_calls, folder):
    told, gdb = six_calls(
        f"hypercall trace -f jsonl -o {folder / 'trace'}",
        "hypercall inject all:error=EPERM:delay_exit=1",
        "hypercall inject create_vm:poke_exit=vm.vmid=1",
        "break between_calls if index == 3",
        "continue",
        "hypercall inject",
        "hypercall inject off",
        "hypercall inject",
        "continue",
    )
    tampered = dict(arrived=0, ret=-1, left=1)
    assert told == said({index: tampered for index in range(3)}), gdb
    assert "all:error=EPERM:delay_exit=1  (3 calls so far)\n" in gdb.out
    assert "Nothing is injected.\n" in gdb.out
    assert [bool(event.get("injected")) for event in events_of(folder / "trace")] == [True] * 3 + [
        False
    ] * 3


def test_the_launcher_takes_it_and_every_sink_says_so(test_guest, folder):
    def traced(*options):
        image = test_guest("tampered")
        inject = (
            "-e",
            "inject=create_vm:error=EBUSY:when=2",
            "-e",
            "inject=all:delay_exit=1:when=3",
        )
        run = acrn_trace(*inject, *options, image, "--", *common_arguments())
        assert run.status == 0, run
        assert run.out.splitlines() == said({1: dict(arrived=0, ret=-16)})
        return run.err

    text = traced()
    assert text.count(" = -16 EBUSY (Device or resource busy) (INJECTED) <") == 1
    assert text.count(" = 1 (DELAYED) <") == 1
    assert "create_vm  EBUSY 1  (2 injected)\n" in traced("-c")
    traced("-f", "chrome", "-o", folder / "chrome")
    names = [one["name"] for one in json.loads((folder / "chrome").read_text()) if one["ph"] == "X"]
    assert names.count("create_vm (INJECTED)") == 1 and names.count("create_vm") == CALLS - 2


def test_what_is_wrong_is_said_before_anything_starts(test_guest):
    run = acrn_trace("-e", "inject=creat_vm:skip", test_guest("tampered"), "--")
    assert run.status == 2 and run.out == ""
    assert run.err.startswith("acrn-trace: no call is named 'creat_vm'; did you mean create_vm or ")


def test_next_and_finish_go_over_an_answered_call(six_calls):
    told, gdb = six_calls(
        "hypercall inject create_vm:retval=5:when=2..4",
        "break call_once if $rsi && $rdx == 1 && creation.vmid == 101",
        "continue",
        "finish",
        "print creation.vmid",
        "delete",
        "tbreak between_calls if index == 2",
        "continue",
        "finish",
        "next",
        "next",
        "next",
        "next",
        "next",
        "print i",
        "continue",
    )
    assert told == said({index: dict(arrived=0, ret=5) for index in (1, 2, 3)})
    assert "$1 = 101\n" in gdb.out
    assert re.search(r"^\$2 = [23]$", gdb.out, re.MULTILINE), gdb
