# SPDX-License-Identifier: BSD-3-Clause
"""A stack from end to end: across what was interrupted in ring 0, to where ring 3 was left."""

from acrn_trace.diagnosis.stack import MAX_PARTS, Code, Stacks
from acrn_trace.diagnosis.standing import Place, StackPart
from helpers.make.diagnosis import CODE, STACKS, TOP, USER, Guest
from helpers.make.ring import PAGE

CALL = b"\xe8\0\0\0\0"
SYSCALL, NOP, POP_RSP = b"\x0f\x05", b"\x90", b"\x5c"
USER_STACK = STACKS + PAGE


def parts(guest: Guest, rsp: int, *others: int) -> list[StackPart]:
    """The stack of a vCPU whose RSP is ``rsp``; what lies in the guest's page of code is code."""
    guest.halted(rsp)
    code = Code(Place, Place, range(CODE, CODE + PAGE).__contains__)
    memory = guest.found().levels[0].memory
    return list(Stacks(memory, others, code).parts(rsp))


def callers(found: list[StackPart]) -> list[list[int]]:
    return [[place.address for place in part.callers] for part in found]


def behind_a_call(guest: Guest, offset: int, code: bytes = NOP) -> int:
    """An address that may be returned to, with ``code`` there."""
    return guest.code(offset, CALL + code) + len(CALL)


def test_the_kernels_stack_is_searched_and_not_the_programs():
    guest = Guest()
    kernels, programs = behind_a_call(guest, 0x100), behind_a_call(guest, 0x200)
    guest.push(USER_STACK + 16, programs)
    entry = guest.exception(CODE + 0x300, USER_STACK, USER, on=TOP)
    found = parts(guest, guest.push(entry, kernels))
    assert callers(found) == [[kernels]]
    assert (found[0].frame.ring, found[0].frame.at) == (3, entry)


def test_a_system_call_is_told_from_what_else_comes_in_ring_3():
    for before, is_system_call in ((SYSCALL, True), (b"\xcd\x80", True), (NOP * 2, False)):
        guest = Guest()
        rip = guest.code(0x300, before) + 2
        (part,) = parts(guest, guest.exception(rip, USER_STACK, USER, on=TOP))
        assert part.frame.is_system_call == is_system_call
        assert ("a system call came in ring 3" in str(part.frame)) == is_system_call


def test_an_interrupts_stack_leads_to_the_one_that_was_interrupted():
    """By POP RSP after the call on it, or after one more; from there the frame leads on."""
    for after in (POP_RSP, CALL + POP_RSP):
        guest = Guest()
        called, task = behind_a_call(guest, 0x100, after), behind_a_call(guest, 0x200)
        interrupted = guest.push(TOP, task)
        frame = guest.exception(CODE + 0x300, interrupted)
        own_top = STACKS + PAGE
        guest.push(own_top + 16, task)  # what lies above the interrupts' stack is not of it
        first, second, third = parts(guest, guest.push(own_top, frame, called))
        assert callers([first, second, third]) == [[called], [], [task]]
        assert (first.frame, second.frame.rip) == (None, CODE + 0x300)


def test_a_call_before_no_pop_leaves_no_stack():
    guest = Guest()
    called = behind_a_call(guest, 0x100, CALL + NOP)
    assert callers(parts(guest, guest.push(TOP, TOP, called))) == [[called]]


def test_an_exceptions_own_stack_leads_back_by_its_frame():
    guest = Guest()
    handler, task = behind_a_call(guest, 0x100), behind_a_call(guest, 0x200)
    frame = guest.exception(CODE + 0x300, guest.push(TOP, task), on=STACKS + PAGE)
    assert callers(parts(guest, guest.push(frame, handler))) == [[handler], [task]]


def test_stacks_that_lead_in_a_circle_end():
    guest = Guest()
    called = behind_a_call(guest, 0x100, POP_RSP)
    rsp = TOP - 16
    assert len(parts(guest, guest.push(TOP, rsp, called))) == MAX_PARTS
