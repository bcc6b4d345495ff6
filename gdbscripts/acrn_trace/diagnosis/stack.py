# SPDX-License-Identifier: BSD-3-Clause
"""Reads a vCPU's stack: where it was interrupted, and, as a guess, who called whom.

An exception or interrupt in 64-bit mode pushes SS, RSP, RFLAGS, CS and RIP, eight bytes each (Intel
SDM volume 3, 6.14.2), and Linux's entry of a system call the same. Five words that fit that are
hardly ever anything else. From ring 0 they lead to the stack that was interrupted; from ring 3 to a
program's, and the kernel's ends there.
"""

from dataclasses import dataclass
from typing import Callable, Collection, Iterator

from acrn_trace.diagnosis.standing import Interrupted, Place, StackPart
from acrn_trace.guest.bytes_at import read_up_to, try_read
from acrn_trace.guest.paging import Memory

STACK_BYTES = 16 << 10  # of each stack that are looked at
MAX_PARTS = 8
MAX_CALLERS = 32  # of each part
SAVED = 24  # words below a frame: 15 registers, a vector, an error code, and some room
LONGEST_INSTRUCTION = 15
FLAGS_FIXED, FLAGS_RESERVED = 1 << 1, ~0x3F7FD7
SELECTORS = range(8, 1 << 16)
LOWEST = 0x1000  # address of code or a stack: the first page is never mapped

SYSTEM_CALLS = (b"\x0f\x05", b"\xcd\x80")  # SYSCALL, INT 0x80
POP_RSP, CALL, CALL_SIZE = b"\x5c", b"\xe8", 5


@dataclass(frozen=True)
class Code:
    """What is known of the code: the names of addresses, and whether there is any at one."""

    place_of: Callable[[int], Place]
    place_behind: Callable[[int], Place]  # of an address that is returned to
    is_at: Callable[[int], bool]


NAMELESS = Code(Place, Place, lambda address: False)


@dataclass(frozen=True)
class Stacks:
    """The stacks of one vCPU, in its memory. ``others``: the stack pointers of all vCPUs."""

    memory: Memory | None
    others: Collection[int]
    code: Code

    def parts(self, rsp: int) -> Iterator[StackPart]:
        """The stretches of stack from ``rsp`` on, from stack to stack, innermost first."""
        following: int | None = rsp
        for _ in range(MAX_PARTS):
            if following is None:
                return
            part, following = self._part(following)
            yield part

    def _part(self, rsp: int) -> tuple[StackPart, int | None]:
        """One stretch, and the stack pointer of the next."""
        words, found = words_above(self.memory, rsp, self.others), []
        for index, word in enumerate(words):
            frame = self._frame(words, index, (rsp & ~7) + 8 * index)
            if frame:
                return self._named(found, frame), None if frame.ring else frame.rsp
            if not self.code.is_at(word) or not _behind_a_call(self.memory, word):
                continue
            if word not in found:
                found.append(word)
            if index + 1 < len(words) and _leaves_the_stack(self.memory, word):
                return self._named(found), words[index + 1]
        return self._named(found), None

    def _named(self, callers: list[int], frame: Interrupted | None = None) -> StackPart:
        return StackPart(tuple(map(self.code.place_behind, callers[:MAX_CALLERS])), frame)

    def _frame(self, words: list[int], index: int, at: int) -> Interrupted | None:
        """What was pushed at ``at``, where ``words[index]`` is from, if it is such a frame."""
        if index + 5 > len(words):
            return None
        rip, cs, flags, rsp, ss = words[index : index + 5]
        if min(rip, rsp) < LOWEST or not is_pushed(cs, flags, ss):
            return None
        code = read_up_to(self.memory, rip, LONGEST_INSTRUCTION)
        if not code or try_read(self.memory, rsp - 8, 8) is None:
            return None
        saved = tuple(words[max(0, index - SAVED) : index])
        is_system_call = cs & 3 == 3 and try_read(self.memory, rip - 2, 2) in SYSTEM_CALLS
        return Interrupted(at, rip, cs, rsp, self.code.place_of(rip), code, saved, is_system_call)


def _leaves_the_stack(memory: Memory | None, address: int) -> bool:
    """Whether what returns there goes back to another stack by POP RSP, be there one call before.

    So does what Linux calls on its stack for interrupts, whose last word is the stack pointer of
    before (call_on_stack() in arch/x86/include/asm/irq_stack.h, from 5.12 on).
    """
    code = read_up_to(memory, address, CALL_SIZE + 1)
    return code[:1] == POP_RSP or (code[:1] == CALL and code[CALL_SIZE:] == POP_RSP)


def words_above(memory: Memory | None, rsp: int, others: Collection[int]) -> list[int]:
    """The stack from ``rsp`` up, to the end of memory or to another's top (``others``)."""
    end = min((other for other in others if other > rsp), default=rsp + STACK_BYTES)
    data = read_up_to(memory, rsp & ~7, min(end - rsp, STACK_BYTES))
    return [int.from_bytes(data[at : at + 8], "little") for at in range(0, len(data) - 7, 8)]


def is_pushed(cs: int, flags: int, ss: int) -> bool:
    """Whether a processor may have pushed these three together."""
    return (
        cs in SELECTORS
        and cs & 3 in (0, 3)
        and flags & FLAGS_FIXED != 0
        and flags & FLAGS_RESERVED == 0
        and (ss == 0 or ss in SELECTORS)
        and (ss & 3) == (cs & 3)
    )


def _behind_a_call(memory: Memory | None, address: int) -> bool:
    """Whether the bytes before ``address`` end a near call: relative, or through register or
    memory (e8; ff /2 with its shortest forms)."""
    before = try_read(memory, address - 7, 7)
    if before is None:
        return False
    return before[2] == 0xE8 or any(
        before[-size] == 0xFF and before[1 - size] >> 3 & 7 == 2 for size in (2, 3, 6, 7)
    )
