# SPDX-License-Identifier: BSD-3-Clause
"""Where no call may be made by hand."""

from dataclasses import replace

import pytest
from acrn_trace.act.call.refuse import Flags, Vcpu, others_refusal, refusal, vcpu_flags

FINE = Vcpu(0, 0x1000, 8, 0x80010011, 0x400000, 0x1500, has_image=True)


def test_ring_0_of_the_guest_is_fine():
    assert refusal(FINE) is None
    assert others_refusal([FINE, replace(FINE, number=1, halted=True, has_image=False)]) is None


@pytest.mark.parametrize(
    "change, why",
    [
        ({"cs": 0x33}, "is in ring 3, and hypercalls are made in ring 0"),
        ({"cr0": 0x11}, "not in long mode with paging on"),
        ({"efer": 0x100}, "not in long mode with paging on"),
        ({"has_image": False}, "is not in the guest: at 0x1000 with CR3 0x400000"),
        ({"halted": True}, "is halted"),
        ({"shadowed": True}, "right behind STI or MOV SS"),
        ({"in_smm": True}, "system management mode"),
    ],
)
def test_other_places_are_not(change, why):
    assert why in refusal(replace(FINE, **change))


def test_another_vcpu_in_the_hypervisor_may_hold_a_lock():
    elsewhere = replace(FINE, number=3, has_image=False)
    assert "vCPU 3 is in the hypervisor" in others_refusal([FINE, elsewhere])
    for harmless in ({"cs": 0x33}, {"halted": True}, {"cr0": 0x11}):
        assert others_refusal([replace(elsewhere, **harmless)]) is None


def test_flags_of_the_monitor():
    text = (
        "CPU#0\nRAX=0 RBX=0\nRIP=00 RFL=46 [---Z-P-] CPL=0 II=1 A20=1 SMM=0 HLT=0\nES =0010\n"
        "\nCPU#1\nRIP=00 RFL=46 [---Z-P-] CPL=0 II=0 A20=1 SMM=0 HLT=1\n"
    )
    assert vcpu_flags(text) == {0: Flags(shadowed=True), 1: Flags(halted=True)}
    assert vcpu_flags("unknown command") == {}
