# SPDX-License-Identifier: BSD-3-Clause
"""Judges whether bytes are an instruction, from the code before them alone.

Of the first 15 offsets of any window one begins a true instruction. Wrong streams fall in with the
true one after a few instructions: where all of them say the same, it is so, if this is code at all.
"""

from enum import Enum

from acrn_trace.image.image import Code
from acrn_trace.sites.decoder import UNKNOWN, Decoder, Instruction

WINDOW = 80  # bytes before the place in question
STARTS = 15
FEW = 8  # instructions that most streams meet another within
SETTLED = 24  # all streams must have met this many bytes before it, for a "no"
ALIGNMENT = 16  # of functions
PREFIXES = frozenset(b"\xf3\xf2\x66")


class Vote(Enum):
    """What the streams say of a place: an instruction begins there, or may, or does not."""

    YES = "yes"
    MAYBE = "maybe"
    NO = "no"


def vote(decoder: Decoder, code: Code, address: int) -> Vote:
    """What the streams of the window before ``address`` say of it."""
    first = max(code.address, address - WINDOW)
    starts = range(first, min(first + STARTS, address))
    if address - first < WINDOW:
        starts = range(first, first + 1)  # where the code begins, an instruction does
    met, hits, streams = first, 0, 0
    seen: dict[int, bool] = {}
    for start in starts:
        path = _stream(decoder, code, start, address, seen)
        if path is None:
            continue
        visited, hit = path
        streams, hits = streams + 1, hits + hit
        if seen:
            met = max(met, visited[-1])
        for place in visited:
            seen.setdefault(place, hit)
    if streams == hits and streams:
        return Vote.YES
    if not hits and code.data[address - code.address - 1] in PREFIXES:
        return Vote.NO  # VMGEXIT is REP VMMCALL
    if hits or met > address - SETTLED or _from_aligned(decoder, code, address):
        return Vote.MAYBE
    return Vote.NO


def _stream(
    decoder: Decoder, code: Code, start: int, end: int, seen: dict[int, bool]
) -> tuple[list[int], bool] | None:
    """The places that a stream from ``start`` goes through, and whether ``end`` is one.

    It ends where it meets one that was followed already. None for one that cannot be code.
    """
    data = code.data[start - code.address : end - code.address + STARTS]
    return _walk(decoder.decode(data, start, FEW), end, seen) or _walk(
        decoder.decode(data, start), end, seen, is_whole=True
    )


def _walk(
    instructions: list[Instruction], end: int, seen: dict[int, bool], is_whole: bool = False
) -> tuple[list[int], bool] | None:
    visited: list[int] = []
    for address, size, mnemonic, _ in instructions:
        visited.append(address)
        if address in seen:
            return visited, seen[address]
        if address >= end:
            return visited, address == end
        if mnemonic == UNKNOWN and size == 1:
            return None
    return (visited, False) if is_whole else None


def _from_aligned(decoder: Decoder, code: Code, address: int) -> bool:
    """Whether a function that begins between, behind data, would have an instruction there."""
    first = address - address % ALIGNMENT
    starts = range(first, max(first - SETTLED - ALIGNMENT, code.address), -ALIGNMENT)
    paths = (_stream(decoder, code, start, address, {}) for start in starts)
    return any(path is not None and path[1] for path in paths)
