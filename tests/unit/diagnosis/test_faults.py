# SPDX-License-Identifier: BSD-3-Clause
"""Exceptions on stacks, and on the VMCALL itself."""

import pytest

from acrn_trace.rings.format import CALLED
from helpers.make.diagnosis import FLAGS, STACKS, TOP, USER, VMCALL, Guest
from helpers.make.ring import PAGE


@pytest.mark.parametrize(
    "selectors, answered, kind",
    [
        (USER, True, "fault-not-ring-0"),
        ((0x08, 0x10), False, "fault-no-hypervisor"),
        ((0x08, 0x10), True, "fault-not-allowed"),
    ],
)
def test_a_fault_on_the_vmcall_and_why(selectors, answered, kind):
    guest = Guest()
    if answered:
        guest.machine.call()
    site = guest.code(0x100, VMCALL)
    guest.machine.call(0, CALLED, site=site)
    guest.halted(guest.exception(site, TOP - 64, selectors))
    said = guest.diagnosis()
    assert [v.kind for v in said.verdicts] == [kind, "stopped"]
    assert "record" in said.verdicts[0].evidence[1]


@pytest.mark.parametrize(
    "words",
    [
        {"flags": FLAGS & ~2},  # bit 1 of RFLAGS is always 1
        {"flags": FLAGS | 1 << 40},
        {"selectors": (0x08, 0x3B)},  # CS and SS of different rings
        {"selectors": (0x12345678, 0x10)},
    ],
)
def test_what_no_processor_pushes_is_no_exception(words):
    guest = Guest()
    site = guest.code(0x100, VMCALL)
    guest.halted(guest.exception(site, TOP - 64, **words))
    assert guest.diagnosis().vcpus[0].interrupted == []


def test_the_exception_of_another_vcpu_is_not_taken_for_ones_own():
    """Two stacks side by side: what is above the next vCPU's RSP is that one's."""
    guest = Guest()
    site = guest.code(0x100, VMCALL)
    guest.halted(STACKS + PAGE - 64)
    guest.halted(guest.exception(site, TOP - 64))
    first, second = guest.diagnosis().vcpus
    assert (len(first.interrupted), len(second.interrupted)) == (0, 1)


def test_a_system_call_is_no_fault_and_what_else_came_in_ring_3_is_a_guess():
    for before, certainty in ((b"\x0f\x05", None), (b"\x90\x90", "guess")):
        guest = Guest()
        program = guest.code(0x300, before) + 2
        guest.halted(guest.exception(program, STACKS + PAGE, USER, on=TOP))
        verdicts = guest.diagnosis().verdicts
        told = {verdict.kind: verdict.certainty for verdict in verdicts}
        assert told.get("exception") == certainty and "stopped" in told
