# SPDX-License-Identifier: BSD-3-Clause
"""Reads the code between two labels: where it leads, and whether it goes on behind its end."""

import bisect
from dataclasses import dataclass
from typing import Iterable

from acrn_trace.image.image import Code, Image
from acrn_trace.sites.decoder import Decoder
from acrn_trace.sites.jump_tables import table_targets
from acrn_trace.sites.outline import ENDS, JUMPS, UNKNOWN, Instruction, Outline, target_of

_UD2 = b"\x0f\x0b"


@dataclass(frozen=True)
class Stretch:
    """The code from one label to the next symbol, or to the end of its section.

    ``is_called``: a function begins there. ``goes_on``: the next one may run after it. ``jumps``
    and ``branches`` are where its unconditional and its other direct ones lead. What is no code
    leads nowhere.
    """

    start: int
    end: int
    is_called: bool
    is_code: bool
    goes_on: bool = False
    jumps: frozenset[int] = frozenset()
    branches: frozenset[int] = frozenset()

    @property
    def goals(self) -> frozenset[int]:
        return self.jumps | self.branches


def read_stretches(image: Image, part: Code, bounds: list[int], called: set[int]) -> list[Stretch]:
    """The code between each two of ``bounds``; ``called`` are addresses where functions begin."""
    decoder = Decoder()
    pairs = list(zip(bounds, bounds[1:]))
    outlines = [decoder.outline(_bytes(part, start, end), start) for start, end in pairs]
    steering = (one for outline in outlines for one in outline.steering)
    targets = sorted(_targets(steering))
    stretches = []
    for (start, end), outline in zip(pairs, outlines):
        alive, goes_on = _alive(outline, start, end, targets)
        if _looks_like_data(part, start, alive):
            stretches.append(Stretch(start, end, start in called, is_code=False))
            continue
        jumps = [one for one in alive if one[2] in JUMPS]
        branches = _targets(one for one in alive if one[2] not in (*JUMPS, "call"))
        if any(target_of(operands) is None for _, _, _, operands in jumps):
            branches |= set(table_targets(image, part, start, end, (bounds[0], bounds[-1])))
        goes_on = goes_on and _bytes(part, end - 2, end) != _UD2
        goals = frozenset(_targets(jumps)), frozenset(branches)
        stretches.append(Stretch(start, end, start in called, True, goes_on, *goals))
    return stretches


def _looks_like_data(part: Code, start: int, alive: list[Instruction]) -> bool:
    """Zeros are an instruction, which nobody writes."""
    is_unknown = any(mnemonic == UNKNOWN for _, _, mnemonic, _ in alive)
    return is_unknown or _bytes(part, start, start + 2) == bytes(2)


def _bytes(part: Code, start: int, end: int) -> bytes:
    return part.data[start - part.address : end - part.address]


def _alive(
    outline: Outline, start: int, end: int, targets: list[int]
) -> tuple[list[Instruction], bool]:
    """The steering instructions that run if the first does, and whether the code goes on behind
    the last. What nothing leads to, as padding, is left out."""
    inner = targets[bisect.bisect_right(targets, start) : bisect.bisect_left(targets, end)]
    entered = [target for target in inner if outline.begins_at(target)]
    found, alive, passed = [], True, 0
    for one in outline.steering:
        before = bisect.bisect_right(entered, one[0])
        alive, passed = alive or before > passed, before
        if alive:
            found.append(one)
            alive = one[2] not in ENDS
    return found, alive or passed < len(entered)


def _targets(instructions: Iterable[Instruction]) -> set[int]:
    found = (target_of(operands) for _, _, _, operands in instructions)
    return {target for target in found if target is not None}
