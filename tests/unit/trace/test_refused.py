# SPDX-License-Identifier: BSD-3-Clause
"""Why a call was answered -1: as a played ACRN says, or what alone fits the calls before it."""

import pytest

from acrn_trace.tables.knowledge import acrn
from acrn_trace.trace.checks import stale_result
from acrn_trace.trace.event import Event, Reason
from acrn_trace.trace.pairing import Call
from acrn_trace.trace.results import ResultChecker
from helpers.make.stop import SITE, stop

KNOWLEDGE = acrn()
FAILED = -1
ENTRY = {"create_vm": {"vm": {"vmid": {"in": 0, "out": 3}}}}
PAGE = {"buffer": {"gpa": {"address": "0x5000", "points_to": {}}}}


def event(name: str, ret: int = 0, seq: int = 0, reason: Reason | None = None, **decoded) -> Event:
    number = KNOWLEDGE.table.named(name).number
    decoded = decoded or ENTRY.get(name, {"vmid": 3})
    return Event(
        **{"seq": seq, "time": 0.0, "clock": "host", "vcpu": 0, "abi": "acrn", "name": name},
        **{"nr": number, "args": (0, 0), "site": SITE, "source": "stop", "decoded": decoded},
        **{"status": "returned", "rax": ret % (1 << 64), "reason": reason},
    )


@pytest.fixture
def after():
    """What is found of a call that fails, after those that succeeded."""

    def found(*names: str, fails: str, from_boot: bool = True, **more):
        checker = ResultChecker(KNOWLEDGE.table, KNOWLEDGE.results, from_boot=lambda: from_boot)
        for seq, name in enumerate(names, 1):
            assert list(checker.check(event(name, seq=seq))) == []
        given = {"ret": FAILED} | more
        return [(f.kind, f.text) for f in checker.check(event(fails, **given))]

    return found


@pytest.mark.parametrize(
    ("before", "fails", "why"),
    [
        (["create_vm"], "start_vm", "it needs a set_ioreq_buffer before it, of which this trace"),
        (
            ["create_vm", "set_ioreq_buffer", "start_vm"],
            "start_vm",
            "it needs VM 3 created, and call 3 started it",
        ),
        (["create_vm"], "destroy_vm", "it needs VM 3 paused, and call 1 created it"),
        (
            ["create_vm", "set_ioreq_buffer", "start_vm", "pause_vm", "reset_vm"],
            "reset_vm",
            "it needs VM 3 paused, and call 5 reset it",
        ),
        (["start_vm"], "set_vcpu_regs", "it needs VM 3 created or paused, and call 1 started it"),
        (["create_vm"], "vm_gpa2hpa", "the VM has no memory there"),
    ],
)
def test_the_only_reason_that_fits(before, fails, why, after):
    ((kind, text),) = after(*before, fails=fails)
    assert kind == "refused" and text.startswith(f"{fails} answered -1: {why}")


@pytest.mark.parametrize(
    ("before", "fails"),
    [
        # It may have been given its page before the trace began.
        (["start_vm", "pause_vm", "reset_vm"], "start_vm"),
        (["create_vm", "set_ioreq_buffer"], "start_vm"),
        # A VM of a higher severity was not really paused; registers may be wrong; and so on.
        (["create_vm", "pause_vm"], "destroy_vm"),
        (["create_vm"], "set_vcpu_regs"),
        (["create_vm"], "inject_msi"),
        (["create_vm"], "create_vm"),
    ],
)
def test_nothing_is_said_where_more_than_one_reason_fits(before, fails, after):
    assert after(*before, fails=fails) == []


def test_nothing_is_said_of_a_vm_that_was_never_seen(after):
    assert after(fails="vm_gpa2hpa", from_boot=False) == []
    assert after(fails="start_vm", from_boot=False) == []


def test_a_structure_that_could_not_be_read_is_another_reason(after):
    unreadable = {"vmid": 3, "translation": {"address": "0x9", "unreadable": "no memory there"}}
    assert after("create_vm", fails="vm_gpa2hpa", **unreadable) == []


def test_a_call_of_a_users_own_may_have_changed_the_vm():
    knowledge = acrn()
    knowledge.define("HYPERCALL1(0x80000012, launch, VALUE(u16, which))")
    checker = ResultChecker(knowledge.table, knowledge.results)
    assert list(checker.check(event("create_vm"))) == []
    assert list(checker.check(event("destroy_vm", ret=FAILED))) == []


def test_the_page_of_requests_goes_with_its_vm(after):
    made = ["create_vm", "set_ioreq_buffer", "start_vm", "pause_vm", "destroy_vm", "create_vm"]
    ((_, text),) = after(*made, fails="start_vm")
    assert "it needs a set_ioreq_buffer" in text


def test_a_played_acrn_knows_better(after):
    why = Reason("refused", "the VM is a teapot")
    text = "set_vcpu_regs answered -1: the VM is a teapot"
    assert after("create_vm", fails="set_vcpu_regs", reason=why) == [("refused", text)]
    # VM 3 is there from the beginning, as a setting of the mock says.
    assert after(fails="set_vcpu_regs", reason=why) == [("refused", text)]
    einval = "assign_pcidev answered EINVAL: the VM is a teapot"
    assert after(fails="assign_pcidev", ret=-22, reason=why) == [("refused", einval)]


def test_the_trace_knows_better_what_became_of_a_vm(after):
    off = Reason("no-vm", "the VM is off")
    told = [("no-vm", "start_vm answered -1: VM 3 was not created in this trace")]
    assert after(fails="start_vm", reason=off) == told
    told = [("no-vm", "start_vm answered -1: the VM is off")]
    assert after(fails="start_vm", reason=off, from_boot=False) == told


def test_what_a_mock_left_alone_it_says_itself(after):
    """And of another result that was in RAX before, it is none of its."""
    why = Reason("stale-rax", "this release does so when it fails with ENODEV, as here")
    ((kind, text),) = after(fails="assign_pcidev", ret=0x77, reason=why)
    assert (kind, text) == ("stale-rax", f"assign_pcidev left RAX as it was, 0x77: {why.text}")


@pytest.mark.parametrize(
    ("name", "rax", "answered_by", "is_stale"),
    [
        ("assign_pcidev", 0, "hypervisor", True),
        ("assign_pcidev", 0x77, "replay", True),
        ("assign_pcidev", 0, "mock", False),
        # What these answer by right, and what they cannot have answered.
        ("start_vm", 0, "hypervisor", False),
        ("start_vm", -1, "hypervisor", False),
        ("start_vm", -13, "hypervisor", True),
        ("start_vm", 0x77, "hypervisor", True),
        ("start_vm", 0x77, "mock", False),
    ],
)
def test_a_result_that_may_be_none(name, rax, answered_by, is_stale):
    one = event(name, ret=rax)
    one.answered_by = answered_by
    check = stale_result(KNOWLEDGE.releases.may_lose)
    found = [f.kind for f in check(one, Call(0, SITE, stop(rax=rax % (1 << 64))))]
    assert found == ["stale-rax"] * is_stale
    assert not list(check(one, Call(0, SITE, stop(rax=0x1234))))
