# SPDX-License-Identifier: BSD-3-Clause
"""Finds what may be direct calls and jumps, by their bytes: to disassemble it all takes long.

Some of what is found is none. Whoever asks looks at the code there.
"""

import struct
from typing import Iterable

from acrn_trace.image.image import Code
from acrn_trace.sites.call_targets import with_distance

_NEAR = rb"(?:[\xe8\xe9]|\x0f[\x80-\x8f])"  # calls and jumps
_SHORT = {0xEB, *range(0x70, 0x80)}


def near_calls(part: Code) -> Iterable[tuple[int, int]]:
    """What may be direct calls and jumps, near ones: where each is, and where it goes."""
    unpack, data, base = struct.Struct("<i").unpack_from, part.data, part.address
    pattern = with_distance(_NEAR, len(data))
    for match in pattern.finditer(data):
        operand = match.end()
        yield base + match.start(), base + operand + 4 + unpack(data, operand)[0]


def short_jumps(part: Code, goal: int) -> list[int]:
    """What may be jumps to ``goal`` from nearby, as at the end of a function."""
    around = range(max(goal - 129, part.address), min(goal + 126, part.end - 1))
    data, base = part.data, part.address
    return [
        site
        for site in around
        if data[site - base] in _SHORT and site + 2 + (data[site - base + 1] ^ 0x80) - 0x80 == goal
    ]
