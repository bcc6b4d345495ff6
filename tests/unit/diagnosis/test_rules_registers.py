# SPDX-License-Identifier: BSD-3-Clause
"""Registers that a call lost, and whether they were used."""

import struct

import pytest

from acrn_trace.diagnosis.rules_registers import _names
from acrn_trace.rings.format import CHANGED
from helpers.make.diagnosis import TOP, Guest

CHECKING = {"size": 128, "more": {"changed_offset": 64, "changed_slots": 3}}
RBX = 3


def changed(before: int, after: int) -> bytes:
    return struct.pack("<IIQQ", 1 << RBX, 0, before, after)


LOST = 0xA5A5_0000_1234_5678
USES_RBX, USES_RCX = b"\x48\x8b\x43\x08", b"\x48\x8b\x41\x08"  # mov 8(%rbx),%rax; 8(%rcx)


@pytest.mark.parametrize(
    "instruction, saved, kind",
    [
        (USES_RBX, LOST, "register-lost-and-used"),
        (USES_RCX, LOST, "register-lost"),  # another register
        (USES_RBX, 0x1234, "register-lost"),  # rbx was loaded anew
    ],
)
def test_a_lost_register_was_used_if_the_fault_says_so(instruction, saved, kind):
    guest = Guest(**CHECKING)
    guest.machine.call(flags=1 | CHANGED, more=changed(0x1000, LOST))
    rsp = guest.exception(guest.code(0x100, instruction), TOP - 64)
    guest.halted(guest.push(rsp, 0, 13, saved))
    assert guest.kinds()[0] == kind


def test_a_lost_register_near_the_last_page_fault_was_used():
    guest = Guest(**CHECKING)
    guest.machine.call(flags=1 | CHANGED, more=changed(0x1000, 0x7000_0000_1000))
    guest.halted(cr2=0x7000_0000_1018)
    assert guest.kinds()[0] == "register-lost-and-used"


@pytest.mark.parametrize(
    "text, register, named",
    [
        ("movq 8(%rbx), %rax", "rbx", True),
        ("movl %ebx, (%rdi)", "rbx", True),
        ("movzbl (%r11, %rax), %edx", "r11", True),
        ("movq 8(%rbp), %rax", "rbx", False),
        ("movq (%r10), %rax", "r1", False),
        ("movb %r9b, (%rdi)", "r9", True),
    ],
)
def test_parts_of_a_register_are_the_register(text, register, named):
    assert _names(text, register) == named
