# SPDX-License-Identifier: BSD-3-Clause
"""The instructions of one function, and in which order they can run."""

from functools import cached_property
from itertools import pairwise
from typing import Callable, Iterator

from acrn_trace.lint.instructions import Instruction, decode

ENTRY = -1  # instead of a predecessor: the function begins here
SOMEWHERE = -2  # what runs before is not known
MAX_BYTES = 1 << 16  # of a function that are looked at

_JUMPS = {*range(0x70, 0x80), *range(0xE0, 0xE4), 0xE9, 0xEB, 0xFF}
_PREFIXES = {0x2E, 0x3E, 0xF2, 0xF3, 0x66}


class Function:
    """Instructions by number, from 0 on. ``is_function``: the first is where the function begins.

    ``starts`` are the addresses of all instructions, and of what follows them.
    """

    def __init__(self, code: bytes, starts: list[int], is_function: bool = True) -> None:
        self.starts = starts
        self.is_function = is_function
        self._code = code
        self._numbers = {address: number for number, address in enumerate(starts[:-1])}
        self._decoded: dict[int, Instruction] = {}
        self._never_returns: Callable[[int | None], bool] = lambda goal: False

    def __len__(self) -> int:
        return len(self.starts) - 1

    def number_of(self, address: int) -> int | None:
        return self._numbers.get(address)

    def address(self, number: int) -> int:
        return self.starts[number]

    def code_of(self, number: int) -> bytes:
        first, begin, end = self.starts[0], self.starts[number], self.starts[number + 1]
        return self._code[begin - first : end - first]

    def instruction(self, number: int) -> Instruction:
        found = self._decoded.get(number)
        if found is None:
            found = self._decoded[number] = decode(self.code_of(number))
        return found

    def goal(self, number: int) -> int | None:
        """The address that a direct jump or call goes to."""
        relative = self.instruction(number).goal
        return None if relative is None else (self.starts[number] + relative) & (1 << 64) - 1

    def goes_on(self, number: int) -> bool:
        """Whether the next instruction may run after this one."""
        flow = self.instruction(number).flow
        if flow == "call":
            return not self._never_returns(self.goal(number))
        return flow not in ("jump", "return", "trap")

    def leave_out_calls(self, never_return: Callable[[int | None], bool]) -> None:
        """Tell which calls do not come back, before any question is asked."""
        self._never_returns = never_return

    def successors(self, number: int) -> list[int]:
        """What can run next within the function."""
        found = [number + 1] if self.goes_on(number) and number + 1 < len(self) else []
        if self.instruction(number).flow in ("jump", "branch"):
            goal = self.goal(number)
            inside = None if goal is None else self.number_of(goal)
            if goal is None:
                found += self._orphans
            elif inside is not None:
                found.append(inside)
        elif self.instruction(number).flow == "trap" and number + 1 in self._orphans:
            found.append(number + 1)
        return found

    def predecessors(self, number: int) -> list[int]:
        """What can have run before; ENTRY and SOMEWHERE among them."""
        found = self._sources.get(number, [])
        if number and self.goes_on(number - 1):
            found = [*found, number - 1]
        if number == 0:
            return [*found, ENTRY if self.is_function else SOMEWHERE]
        return found or self._before_orphan(number)

    def _before_orphan(self, number: int) -> list[int]:
        if self.instruction(number - 1).flow == "trap":
            return [number - 1]  # a warning's trap, which the handler steps over
        return self._indirect or [SOMEWHERE]

    @cached_property
    def _indirect(self) -> list[int]:
        return [n for n in self._jumps if self.goal(n) is None]

    @cached_property
    def _orphans(self) -> list[int]:
        """What nothing is seen to go to: a switch's cases, reached by a jump through a table."""
        return [
            after
            for before, after in pairwise(range(len(self)))
            if after not in self._sources and not self.goes_on(before)
        ]

    @cached_property
    def _jumps(self) -> list[int]:
        return [n for n in self._maybe_jumps() if self.instruction(n).flow in ("jump", "branch")]

    def _maybe_jumps(self) -> Iterator[int]:
        """By the opcode, which is fast: few instructions need to be decoded."""
        code, first = self._code, self.starts[0]
        for number, (begin, end) in enumerate(pairwise(self.starts)):
            place = begin - first
            while place < end - first - 1 and code[place] in _PREFIXES:
                place += 1
            opcode = code[place]
            if opcode in _JUMPS or (opcode == 0x0F and 0x80 <= code[place + 1] < 0x90):
                yield number

    @cached_property
    def _sources(self) -> dict[int, list[int]]:
        sources: dict[int, list[int]] = {}
        for number in self._jumps:
            goal = self.goal(number)
            inside = None if goal is None else self.number_of(goal)
            if inside is not None:
                sources.setdefault(inside, []).append(number)
        return sources
