# SPDX-License-Identifier: BSD-3-Clause
"""How a vCPU ended, by the functions that it is in, and which one to look at first for it."""

from types import SimpleNamespace
from typing import Sequence

import pytest

from acrn_trace.at_rest.image_match import MATCH, ImageMatch
from acrn_trace.diagnosis.case import Case, Diagnosis
from acrn_trace.diagnosis.first_look import first_look, opening
from acrn_trace.diagnosis.kernel_ends import HALTED, OFFLINE, OOPSED, PANICKED, STOPPED, end_of
from acrn_trace.diagnosis.oops import find_oops
from acrn_trace.diagnosis.rules import RULES
from acrn_trace.diagnosis.standing import Interrupted, Oops, Place, StackPart
from helpers.make.diagnosis import CODE, FLAGS, KNOWLEDGE, STACKS, START_VM, TOP, VMCALL, Guest
from helpers.make.ring import PAGE

IN_PANIC = "udelay+0x1 panic+0x2 init"
ASIDE = "stop_this_cpu+0x9 sysvec_reboot+0x5"
VMCALL_THERE = f"'vmcall' at {CODE + 0x100:#x}"


def places(names: str) -> list[Place]:
    return [Place(address, name) for address, name in enumerate(names.split())]


def diagnosis_of(*trails: str, halted: Sequence[int] = ()) -> Diagnosis:
    """vCPUs that are in these functions, the innermost first; some halted with interrupts off."""
    guest = Guest()
    for number in range(len(trails)):
        if number in halted:
            guest.halted(TOP + number * PAGE)
        else:
            guest.vcpu(CODE, TOP + number * PAGE, eflags=FLAGS)
    diagnosis = guest.diagnosis()
    for state, trail in zip(diagnosis.vcpus, trails):
        state.place, *callers = places(trail)
        state.stack = [StackPart(tuple(callers))]
        state.end = end_of(state)
    diagnosis.verdicts = []
    for rule in RULES:
        diagnosis.verdicts += rule.verdicts(diagnosis)
    return diagnosis


def said(diagnosis: Diagnosis) -> list[tuple[str, int]]:
    return [(verdict.kind, verdict.vcpu) for verdict in diagnosis.verdicts]


@pytest.mark.parametrize(
    "trail, how, is_there",
    [
        ("panic+0x2 init", PANICKED, True),
        (IN_PANIC, PANICKED, False),
        ("vpanic+0x2 panic+0x40 init", PANICKED, True),
        ("panic.cold+0x2 init", PANICKED, True),
        ("panic_smp_self_stop+0x9 panic+0x40 init", STOPPED, True),
        ("native_safe_halt+0x1 stop_this_cpu+0x9", STOPPED, False),
        ("stop_this_cpu+0x9 native_machine_halt+0x10 kernel_halt+0x30", HALTED, False),
        ("panic+0x9 oops_end.cold+0xc exc_page_fault+0x296", PANICKED, True),
        ("do_exit+0x9 make_task_dead+0x8d", OOPSED, False),
        ("native_play_dead+0x9 do_idle+0x1", OFFLINE, True),
        ("nmi_panic+0x1 panic_print_sys_info+0x1 0x1000", None, False),
    ],
)
def test_how_a_vcpu_ended(trail, how, is_there):
    end = diagnosis_of(trail).vcpus[0].end
    assert (end and end.how, bool(end and end.is_there)) == (how, is_there)


def test_a_panic_below_what_was_interrupted_is_found_and_who_called_it():
    """Interrupts are on in the loop of panic()."""
    diagnosis = diagnosis_of("tick+0x1")
    state = diagnosis.vcpus[0]
    frame = Interrupted(TOP, CODE, 8, TOP, Place(CODE, "panic+0x5"), b"\xf4")
    state.stack = [StackPart((Place(1, "irq+0x1"),), frame), StackPart((Place(2, "init"),))]
    assert [place.symbol for place in end_of(state).trail] == ["panic+0x5", "init"]


def test_the_one_that_panicked_comes_before_the_one_that_it_stopped():
    diagnosis = diagnosis_of(ASIDE, IN_PANIC, halted=[0])
    assert said(diagnosis) == [("panic", 1), ("stopped-by-another", 0)]
    assert first_look(diagnosis) == (1, "vCPU 1 is in panic, called by init (a guess)")
    assert "vCPU 0 is a bystander: vCPU 1, which is in panic, stopped it" in str(diagnosis.verdicts)


def test_a_bystander_is_looked_at_last_though_nobody_panicked():
    for trails, first in (((ASIDE, "work"), 1), (("work", ASIDE), 0), ((ASIDE, ASIDE), 0)):
        number, why = first_look(diagnosis_of(*trails, halted=[trails.index(ASIDE)]))
        assert number == first and "panic" not in why.replace("as after a panic", "")


def test_one_that_halted_as_it_was_asked_to_is_no_bystander():
    diagnosis = diagnosis_of("stop_this_cpu+0x9 native_machine_halt+0x10", halted=[0])
    assert said(diagnosis) == [("halted-on-request", 0)]
    assert list(opening(diagnosis)) == ["vCPU 0 halted the machine, as it was asked to."]


def test_one_that_was_taken_offline_did_not_stop_by_itself():
    assert said(diagnosis_of("native_play_dead+0x9", halted=[0])) == [("offline", 0)]


@pytest.mark.parametrize(
    "count, cs, expected",
    [
        (1, 0x10, (VMCALL_THERE, START_VM, 1)),
        (2, 0x10, (VMCALL_THERE, START_VM, None)),  # it keeps the first, which may be another's
        (0, 0x10, None),
        (1, 0, None),
    ],
)
def test_the_oops_that_linux_keeps(count, cs, expected):
    guest = Guest()
    site = guest.code(0x100, VMCALL)
    registers = guest.push(TOP, 0, STACKS, FLAGS, cs, site, *[0] * 6, START_VM, *[0] * 9)
    guest.push(STACKS + 8, count)
    guest.halted()
    found = guest.found()
    objects = {"exec_summary_regs": registers, "die_counter": STACKS}
    found.image, found.match = SimpleNamespace(object_named=objects.get), ImageMatch(MATCH)
    states = diagnosis_of("work", "panic+0x2 make_task_dead+0x8d").vcpus
    oops = find_oops(Case(found, KNOWLEDGE), Place, states)
    assert (oops and (oops.what, oops.number, oops.vcpu)) == expected


def test_an_oops_without_a_panic_begins_the_page():
    """The task is dead and gone, and so is the vCPU that it was on."""
    diagnosis = diagnosis_of("work", "work")
    frame = Interrupted(TOP, 0x10, 0x10, TOP, Place(0x10), b"")
    diagnosis.oops = Oops(frame, "no code at 0x10", 0, 1, None)
    first, second = opening(diagnosis)
    assert first == "Linux had an oops: no code at 0x10; on which vCPU is not known."
    assert second.startswith("Look at vCPU ") and second.endswith(" was running.")
