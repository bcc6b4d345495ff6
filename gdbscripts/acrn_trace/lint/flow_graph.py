# SPDX-License-Identifier: BSD-3-Clause
"""Orders the instructions of one function as they can run."""

import re
from bisect import bisect_left
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Callable, Iterable

from acrn_trace.guest.abi import GENERAL_REGISTERS, hypercalls
from acrn_trace.lint.instructions import Instruction, Names, decode, is_fill, names_in
from acrn_trace.sites.outline import UNKNOWN, Outline, target_of

ENTRY = -1  # instead of a predecessor: the function begins here
SOMEWHERE = -2  # what runs before is not known
NEAR = 256  # bytes
MAX_BYTES = 1 << 16  # of a function that are looked at

_KINDS = {"call": "call", "jmp": "jump", "ljmp": "jump", "int3": "trap", UNKNOWN: "trap"}
_UD2 = b"\x0f\x0b"
# mov %register, (%rsp) and push %register: in front of a return, the ways to jump to a register by
# which compilers keep processors from guessing where to (retpolines)
_SETS_RETURN = re.compile(
    rb"[\x48\x4c]\x89[\x04\x0c\x14\x1c\x24\x2c\x34\x3c]\x24|\x41?[\x50-\x57]", re.DOTALL
)
# What names R8 to R15 has one of these among its first bytes: a REX prefix that can extend a
# register to them, or what begins a longer prefix (VEX, EVEX, XOP).
_EXTENDED = frozenset(GENERAL_REGISTERS[8:])
_CAN_EXTEND = frozenset([*range(0x41, 0x48), *range(0x49, 0x50), 0x62, 0x8F, 0xC4, 0xC5, 0xD5])
_PREFIXES = 5


@dataclass(frozen=True)
class Piece:
    """A stretch of a function's code, at ``start``. A cold one may be elsewhere."""

    start: int
    code: bytes
    outline: Outline


class Function:
    """Instructions by number, from 0 on. ``is_function``: the first is where the function begins.
    ``is_return``: whether a jump to an address is a return, by way of a thunk.

    Each is decoded only when somebody asks for its registers, since that takes long.
    """

    def __init__(
        self,
        pieces: list[Piece],
        is_function: bool = True,
        is_return: Callable[[int], bool] = lambda goal: False,
    ) -> None:
        self.is_function = is_function
        self._is_return = is_return
        self._code = b"".join(piece.code for piece in pieces)
        self._addresses: list[int] = []
        self._places: list[int] = []  # of instructions in the code; one more, at its end
        self._last: set[int] = set()  # instructions of their pieces
        self._outlines: list[tuple[int, Outline]] = []  # with the numbers of their first ones
        base = 0
        for piece in pieces:
            addresses = piece.outline.starts
            self._outlines.append((len(self._addresses), piece.outline))
            self._addresses += addresses
            self._places += [base + address - piece.start for address in addresses]
            self._last.add(len(self._addresses) - 1)
            base += len(piece.code)
        self._places.append(base)
        self._goals: dict[int, int | None] = {}
        self._inside: dict[int, int | None] = {}  # of jumps and branches: to which instruction
        self.kinds: dict[int, str] = {}
        self._read_steering(pieces)
        self._decoded: dict[int, Instruction] = {}
        self._named: dict[int, Names | None] = {}
        self._cases: list[int] = []  # where the only indirect jump goes
        self._never_returns: Callable[[int | None], bool] = lambda goal: False

    def _read_steering(self, pieces: list[Piece]) -> None:
        for piece in pieces:
            for address, _, mnemonic, operands in piece.outline.steering:
                number, goal = self.number_of(address), target_of(operands)
                assert number is not None
                kind = _kind(mnemonic)
                is_near = goal is not None and 0 < goal - address < NEAR
                if kind == "call" and is_near and self.number_of(goal) is not None:
                    kind = "jump"  # over data, whose address is then popped
                elif kind == "return" and self._is_given_away(number):
                    kind = "jump"
                elif kind == "jump" and goal is not None and self._is_return(goal):
                    kind = "return"
                self.kinds[number], self._goals[number] = kind, goal
                if kind in ("jump", "branch"):
                    self._inside[number] = None if goal is None else self.number_of(goal)
        self._mark(_UD2, "trap")
        for code in hypercalls():
            self._mark(code, "hypercall")

    def _is_given_away(self, number: int) -> bool:
        """Whether a return goes to what the instruction before put in place of its address."""
        return number > 0 and bool(_SETS_RETURN.fullmatch(self.code_of(number - 1)))

    def __len__(self) -> int:
        return len(self._addresses)

    def number_of(self, address: int) -> int | None:
        for first, outline in self._outlines:
            index = outline.index_of(address)
            if index is not None:
                return first + index
        return None

    def address(self, number: int) -> int:
        return self._addresses[number]

    def code_of(self, number: int) -> bytes:
        return self._code[self._places[number] : self._places[number + 1]]

    def goals_outside(self) -> list[int]:
        """Where jumps lead that leave the function."""
        goals = {self._goals[n] for n in self._jumps if self._inside[n] is None}
        return sorted(goal for goal in goals if goal is not None)

    def instruction(self, number: int) -> Instruction:
        found = self._decoded.get(number)
        if found is None:
            found = self._decoded[number] = decode(self.code_of(number))
        return found

    def _mark(self, code: bytes, kind: str) -> None:
        place = self._code.find(code)
        while place >= 0:
            number = bisect_left(self._places, place)
            if self._places[number] == place and number < len(self):
                self.kinds[number] = kind
            place = self._code.find(code, place + 1)

    def kind(self, number: int) -> str:
        """jump, branch, call, return, trap, hypercall, or nothing."""
        return self.kinds.get(number, "")

    def goal(self, number: int) -> int | None:
        """The address that a direct jump or call goes to."""
        return self._goals.get(number)

    def can_name(self, number: int, register: str) -> bool:
        """False if the instruction has nothing to do with ``register``."""
        if register in _EXTENDED and not self._can_extend(number):
            return False
        names = self._names(number)
        return names is None or register in names.all

    def can_write(self, number: int, register: str) -> bool:
        """False if the instruction surely leaves ``register`` as it is."""
        if register in _EXTENDED and not self._can_extend(number):
            return False
        names = self._names(number)
        return names is None or register == names.written

    def _can_extend(self, number: int) -> bool:
        place = self._places[number]
        end = min(self._places[number + 1], place + _PREFIXES)
        return not _CAN_EXTEND.isdisjoint(self._code[place:end])

    def _names(self, number: int) -> Names | None:
        found = self._named.get(number, self)
        if found is self:  # not asked yet
            found = self._named[number] = names_in(self.code_of(number))
        return found

    def goes_on(self, number: int) -> bool:
        """Whether the next instruction may run after this one."""
        if number not in self.kinds:
            return number not in self._last and number not in self._padding
        return number not in self._last and not self._ends(number)

    def _ends(self, number: int) -> bool:
        """Whether nothing goes on behind it: a jump, a return, a call that does not come back, a
        trap that no handler steps over (as of Linux's WARN, a UD2).

        Behind the last two stands what something else leads to: else it would be dead.
        """
        kind = self.kind(number)
        if kind not in ("call", "trap"):
            return kind in ("jump", "return")
        if self._past_fill(number + 1) not in self.sources:
            return False
        return kind == "trap" or self._never_returns(self.goal(number))

    def _past_fill(self, number: int) -> int:
        """The first instruction from ``number`` on that something leads to, or that does more than
        to fill the place before a label."""
        while number < len(self) and number not in self.sources and is_fill(self.code_of(number)):
            number += 1
        return number

    @cached_property
    def _padding(self) -> set[int]:
        """What aligns a label behind code that does not go on: nothing leads there."""
        found = set(self._jumps_over_fill)
        for number in self.kinds.keys() - self._last:
            behind = range(number + 1, self._past_fill(number + 1))
            if behind and self._ends(number):
                found.update(behind)
        return found

    @cached_property
    def _jumps_over_fill(self) -> set[int]:
        """Where assemblers begin much padding with a jump to its end."""
        targets = set(self._inside.values())
        return {
            number
            for number, inside in self._inside.items()
            if inside is not None and inside > number + 1 and number not in targets
            if self.kind(number) == "jump" and self.kind(number - 1) in ("jump", "return")
            if all(is_fill(self.code_of(between)) for between in range(number + 1, inside))
        }

    def leaves(self, number: int) -> bool:
        """Whether it jumps, always or perhaps, to where the function is not, or nobody knows."""
        return number in self._inside and self._inside[number] is None

    def falls_off(self, number: int) -> bool:
        """Whether the code goes on behind a piece's last instruction, as assembly's may.

        Not behind a call: the compiler put one there since it does not come back.
        """
        return number in self._last and self.kind(number) in ("", "branch", "hypercall")

    @property
    def jumps_indirectly(self) -> bool:
        return bool(self._indirect)

    def add_table(self, targets: Iterable[int]) -> None:
        """Tell what the jump tables have that the code names, before any question is asked.

        Which of several indirect jumps a table is for is not known: then nothing is.
        """
        if len(self._indirect) == 1:
            numbers = {self.number_of(target) for target in targets} - {None}
            self._cases = sorted(numbers)

    def add_branches(self, branches: Iterable[tuple[int, int]]) -> None:
        """Tell where else, from and to, code may go that is patched as it runs, before any question
        is asked: asm goto has a NOP there, or a jump."""
        for place, goal in branches:
            number, inside = self.number_of(place), self.number_of(goal)
            if number is None or inside is None or self.kind(number) not in ("", "jump"):
                continue
            if number not in self._inside:
                self._jumps.append(number)
            self.kinds[number], self._goals[number] = "branch", goal
            self._inside[number] = inside

    def leave_out_calls(self, never_return: Callable[[int | None], bool]) -> None:
        """Tell which calls do not come back, before any question is asked."""
        self._never_returns = never_return

    def successors(self, number: int, certainly: bool = False) -> list[int]:
        """What can run next within the function; ``certainly``: not by way of a table."""
        if number not in self.kinds and number not in self._last:
            return [number + 1]
        found = [number + 1] if self.goes_on(number) and number + 1 < len(self) else []
        if self.kind(number) in ("jump", "branch"):
            inside = self._inside[number]
            if inside is not None:
                found.append(inside)
            elif self.goal(number) is None:
                found += self._cases or ([] if certainly else self._orphans)
        return found

    def is_plain(self, number: int) -> bool:
        """Whether only the instruction before can have run before."""
        return number not in self._joins

    @cached_property
    def _joins(self) -> set[int]:
        """What more than the instruction before can come before, or something else."""
        ends = (*self.kinds, *self._last, *self._padding)
        return {0, *self.sources, *(n + 1 for n in ends)}

    def predecessors(self, number: int) -> list[int]:
        """What can have run before; ENTRY and SOMEWHERE among them."""
        if self.is_plain(number):
            return [number - 1]
        found = self.sources.get(number, [])
        if number and self.goes_on(number - 1):
            found = [*found, number - 1]
        if number == 0:
            return [*found, ENTRY if self.is_function else SOMEWHERE]
        return found or self._before_orphan(number)

    def _before_orphan(self, number: int) -> list[int]:
        return self._indirect if len(self._indirect) == 1 else [SOMEWHERE]

    @cached_property
    def _indirect(self) -> list[int]:
        return [n for n in self._jumps if self.goal(n) is None]

    @cached_property
    def _orphans(self) -> list[int]:
        """What nothing is seen to go to: a switch's cases, reached by a jump through a table."""
        return [
            after
            for before, after in pairwise(range(len(self)))
            if after not in self.sources and not self.goes_on(before)
            if after not in self._padding
        ]

    @cached_property
    def _jumps(self) -> list[int]:
        return [n for n, kind in self.kinds.items() if kind in ("jump", "branch")]

    @cached_property
    def sources(self) -> dict[int, list[int]]:
        sources: dict[int, list[int]] = {}
        for number in self._jumps:
            inside = self._inside[number]
            if inside is not None and number not in self._jumps_over_fill:
                sources.setdefault(inside, []).append(number)
        for case in self._cases:
            sources.setdefault(case, []).append(self._indirect[0])
        return sources


def _kind(mnemonic: str) -> str:
    returns = "ret" in mnemonic or "sysexit" in mnemonic
    return _KINDS.get(mnemonic, "return" if returns else "branch")
