# SPDX-License-Identifier: BSD-3-Clause
"""What a vCPU's stack tells: where it was interrupted, and, as a guess, who called whom.

An exception or interrupt in 64-bit mode pushes SS, RSP, RFLAGS, CS and RIP, eight bytes each (Intel
SDM volume 3, 6.14.2). Five words that fit that are hardly ever anything else.
"""

from typing import Callable, Collection

from acrn_trace.at_rest.paging import Memory
from acrn_trace.diagnosis.bytes_at import read_up_to, try_read
from acrn_trace.diagnosis.facts import Interrupted, Place

STACK_BYTES = 16 << 10  # that are looked at
MAX_FRAMES = 8
MAX_CALLERS = 5
SAVED = 24  # words below a frame: 15 registers, a vector, an error code, and some room
LONGEST_INSTRUCTION = 15
FLAGS_FIXED, FLAGS_RESERVED = 1 << 1, ~0x3F7FD7
SELECTORS = range(8, 1 << 16)

PlaceOf = Callable[[int], Place]


def words_above(memory: Memory | None, rsp: int, others: Collection[int]) -> list[int]:
    """The stack from ``rsp`` up, to the end of memory or to another's top (``others``)."""
    end = min((other for other in others if other > rsp), default=rsp + STACK_BYTES)
    data = read_up_to(memory, rsp & ~7, min(end - rsp, STACK_BYTES))
    return [int.from_bytes(data[at : at + 8], "little") for at in range(0, len(data) - 7, 8)]


def interruptions(
    memory: Memory | None, rsp: int, others: Collection[int], place_of: PlaceOf
) -> list[Interrupted]:
    """What was interrupted, innermost first."""
    words, base = words_above(memory, rsp, others), rsp & ~7
    found = []
    for index in range(len(words) - 4):
        rip, cs, flags, old_rsp, ss = words[index : index + 5]
        if not _is_frame(rip, cs, flags, old_rsp, ss):
            continue
        code = read_up_to(memory, rip, LONGEST_INSTRUCTION)
        if code and try_read(memory, old_rsp - 8, 8) is not None:
            saved = tuple(words[max(0, index - SAVED) : index])
            at = base + 8 * index
            found.append(Interrupted(at, rip, cs, old_rsp, place_of(rip), code, saved))
    return found[:MAX_FRAMES]


def _is_frame(rip: int, cs: int, flags: int, rsp: int, ss: int) -> bool:
    return (
        cs in SELECTORS
        and cs & 3 in (0, 3)
        and flags & FLAGS_FIXED != 0
        and flags & FLAGS_RESERVED == 0
        and (ss == 0 or ss in SELECTORS)
        and (ss & 3) == (cs & 3)
        and rip > 0xFFF
        and rsp > 0xFFF
    )


def callers(
    memory: Memory | None, rsp: int, others: Collection[int], in_code: Callable[[int], bool]
) -> list[int]:
    """Addresses on the stack that stand behind a call: what may be returned to. A guess."""
    found: list[int] = []
    for word in words_above(memory, rsp, others):
        if in_code(word) and word not in found and _behind_a_call(memory, word):
            found.append(word)
    return found[:MAX_CALLERS]


def _behind_a_call(memory: Memory | None, address: int) -> bool:
    """Whether the bytes before ``address`` end a near call: relative, or through register or
    memory (e8; ff /2 with its shortest forms)."""
    before = try_read(memory, address - 7, 7)
    if before is None:
        return False
    return before[2] == 0xE8 or any(
        before[-size] == 0xFF and before[1 - size] >> 3 & 7 == 2 for size in (2, 3, 6, 7)
    )
