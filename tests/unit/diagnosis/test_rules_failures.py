# SPDX-License-Identifier: BSD-3-Clause
"""Calls that failed, and what was made of it."""

from acrn_trace.rings.format import CAPTURED_IN
from helpers.make.diagnosis import (
    CAPTURING,
    CODE,
    CREATE_VM,
    FLAGS,
    SET_IOREQ_BUFFER,
    START_VM,
    STRUCTURE,
    TOP,
    Guest,
    captured,
    creation,
)

FAILED, ENOTTY = -1, -25
PAUSE_VM = 0x80000013


def test_an_error_is_ignored_if_the_same_vm_is_used_and_fails_again():
    guest = Guest()
    guest.machine.call(number=START_VM, args=(3, 0), result=FAILED)
    guest.machine.call(number=SET_IOREQ_BUFFER, args=(4, 0), result=FAILED, flags=2)
    guest.vcpu(CODE, TOP, eflags=FLAGS)
    assert guest.kinds() == []  # two VMs
    guest.machine.call(number=PAUSE_VM, args=(3, 0), result=FAILED)
    said = guest.diagnosis().verdicts
    assert [v.kind for v in said] == ["error-ignored"]
    assert "VM 3, in 1 more calls" in said[0].text


def test_to_try_what_failed_again_is_not_to_go_on():
    guest = Guest()
    for _ in range(4):
        guest.machine.call(number=START_VM, args=(9, 0), result=FAILED)
        guest.machine.call(number=SET_IOREQ_BUFFER, args=(4, 0))
    guest.halted()
    assert guest.kinds() == ["stopped"]
    guest.machine.call(number=START_VM, args=(9, 0), result=FAILED)
    assert guest.kinds() == ["last-call-failed"]


def test_an_error_is_not_ignored_if_the_vm_is_made_anew():
    guest = Guest(**CAPTURING)
    more = captured(creation(b"vm1", vmid=3))
    flags = 1 | CAPTURED_IN
    guest.machine.call(number=START_VM, args=(3, 0), result=FAILED)
    guest.machine.call(number=CREATE_VM, args=(STRUCTURE, 0), flags=flags, more=more)
    guest.machine.call(number=START_VM, args=(3, 0), result=FAILED)
    guest.vcpu(CODE, TOP, eflags=FLAGS)
    assert guest.kinds() == []


def test_a_refusal_is_explained_by_the_calls_before():
    guest = Guest()
    guest.machine.call(number=START_VM, args=(9, 0), result=ENOTTY)
    guest.halted()
    first, second = guest.diagnosis().verdicts
    assert (first.kind, second.kind) == ("not-permitted", "last-call-failed")
    assert "VM 9 was not created" in first.text
