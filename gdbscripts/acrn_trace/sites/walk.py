# SPDX-License-Identifier: BSD-3-Clause
"""Walks code along every direct way from where it is known to begin: what it reaches is code."""

import bisect
from collections import deque
from typing import Callable, Iterable

from acrn_trace.image.image import Code
from acrn_trace.sites.decoder import UNKNOWN, Decoder
from acrn_trace.sites.far_jumps import FAR, MOST, FarGoal, far_goal
from acrn_trace.sites.instruction_length import LONGEST
from acrn_trace.sites.outline import BRANCHES, ENDS, JUMPS, Instruction, Outline, target_of

MAX_BYTES = 1 << 20  # that are walked over
CHUNK = 128  # bytes decoded at a time
NEAR = 256  # a call this little ahead may jump over data that it takes the address of
_POPS = frozenset(range(0x58, 0x60))

Read = Callable[[int, int], bytes | None]


class Walk:
    """What is reached, in ``parts``, from the starts given so far.

    ``functions`` are those starts and the targets of calls; ``far`` is where far jumps and far
    returns go, which are not followed: their code may have another number of bits.
    """

    def __init__(self, decoder: Decoder, parts: list[Code], read: Read) -> None:
        self._decoder, self._read = decoder, read
        self._parts = sorted(parts, key=lambda part: part.address)
        self._starts = [part.address for part in self._parts]
        self._lengths = [bytearray(len(p.data)) for p in self._parts]  # 0: no instruction begins
        self._left = MAX_BYTES
        self.functions: set[int] = set()
        self.far: list[FarGoal] = []

    def follow(self, starts: Iterable[int]) -> None:
        """Walk on from ``starts``, as far as the bound of what is walked over lets."""
        work = deque(starts)
        while work and self._left > 0:
            address = work.popleft()
            number = self._number(address)
            if number is not None:
                self._block(number, address, work)

    def begins_at(self, address: int) -> bool:
        """Whether an instruction that is reached begins at ``address``."""
        number = self._number(address)
        return number is not None and self._length(number, address) > 0

    def is_inside(self, address: int) -> bool:
        """Whether ``address`` is in an instruction that is reached, behind its beginning."""
        number = self._number(address)
        if number is None:
            return False
        first = max(address - LONGEST + 1, self._parts[number].address)
        return any(self._length(number, a) > address - a for a in range(first, address))

    def _number(self, address: int) -> int | None:
        number = bisect.bisect_right(self._starts, address) - 1
        return number if number >= 0 and address < self._parts[number].end else None

    def _length(self, number: int, address: int) -> int:
        return self._lengths[number][address - self._parts[number].address]

    def _block(self, number: int, address: int | None, work: deque[int]) -> None:
        """Walk from ``address`` straight on to where that ends, or was walked already."""
        end = self._parts[number].end
        while address is not None and address < end and not self._length(number, address):
            address = self._chunk(number, address, work)

    def _chunk(self, number: int, address: int, work: deque[int]) -> int | None:
        """Walk over some instructions; where it goes on, if it does. ``work`` gets where else."""
        part = self._parts[number]
        data = _bytes(part, address, CHUNK + LONGEST)
        outline = self._decoder.outline(data, address)
        limit = min(address + CHUNK, part.end)  # what begins before it is there in full
        steering = [one for one in outline.steering if one[0] < limit]
        last = next((one for one in steering if self._ends(part, one)), None)
        end = next((start for start in outline.starts if start >= limit), part.end)
        if last:
            end = last[0] + (0 if last[2] == UNKNOWN else last[1])
        self._mark(number, outline, end)
        self._left -= max(end - address, 1)
        for one in steering:
            if one[0] < end:
                self._go(part, outline, one, work)
        return None if last else end

    def _mark(self, number: int, outline: Outline, end: int) -> None:
        base, lengths = self._parts[number].address, self._lengths[number]
        starts = [start for start in outline.starts if start < end]
        for start, following in zip(starts, [*starts[1:], end]):
            lengths[start - base] = following - start

    def _go(self, part: Code, outline: Outline, one: Instruction, work: deque[int]) -> None:
        """Note where a steering instruction leads."""
        target = target_of(one[3])
        if one[2] in FAR:
            goal = far_goal(self._before(part, outline, one), self._read)
            self.far += [goal] if goal else []
        elif target is not None and one[2] in BRANCHES | JUMPS:
            work.append(target)
            if one[2] == "call" and not self._is_over_data(part, one):
                self.functions.add(target)

    def _before(self, part: Code, outline: Outline, one: Instruction) -> list[Instruction]:
        """A few instructions up to ``one``."""
        starts = [start for start in outline.starts if start <= one[0]][-MOST:]
        code = part.data[starts[0] - part.address : one[0] + one[1] - part.address]
        return self._decoder.decode(code, starts[0])

    def _ends(self, part: Code, one: Instruction) -> bool:
        return one[2] in ENDS or (one[2] == "call" and self._is_over_data(part, one))

    def _is_over_data(self, part: Code, one: Instruction) -> bool:
        """Whether a call jumps over data: its target takes the address off the stack, or what is
        between is no code that leads there."""
        behind, target = one[0] + one[1], target_of(one[3])
        if target is None or not behind <= target < min(behind + NEAR, part.end):
            return False
        first = _bytes(part, target, 2)
        if first[0] in _POPS or (first[0] == 0x41 and first[-1] in _POPS):
            return True
        between = self._decoder.outline(_bytes(part, behind, NEAR), behind)
        ends = next((i[0] for i in between.steering if i[2] in ENDS), target)
        if ends < target:
            return any(i[2] == UNKNOWN for i in between.steering if i[0] == ends)
        return target != behind and not between.begins_at(target)


def _bytes(part: Code, address: int, size: int) -> bytes:
    offset = address - part.address
    return part.data[offset : offset + size]
