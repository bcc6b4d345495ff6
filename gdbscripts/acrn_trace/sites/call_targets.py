# SPDX-License-Identifier: BSD-3-Clause
"""Finds where functions begin in code that no table describes: where calls and pointers lead."""

import bisect
import re
from typing import Iterator

from acrn_trace.image.image import Code, Image
from acrn_trace.sites.decoder import Decoder
from acrn_trace.sites.resync import Vote, vote
from acrn_trace.sites.spans import Span

MAX_FUNCTION = 1 << 16
MAX_CHANCE = 8  # targets by chance, between a function's start and a place in it
_ALIGNMENT = 16
_ENDBR64 = b"\xf3\x0f\x1e\xfa"
# The last byte before an aligned function: a return, a trap, or the padding of any assembler.
_BEFORE_FUNCTION = frozenset(b"\xc3\xcc\x90\x00\x0b")


class CallTargets:
    """The functions that the calls in ``parts``, and the pointers in data, lead to.

    One in forty thousand bytes is a target by chance, of a call that is none: a target counts when
    something else says so too, that it looks like the beginning of a function, or that the code
    around the call has an instruction there.
    """

    def __init__(self, parts: list[Code], image: Image | None = None) -> None:
        self._parts = parts
        self._decoder = Decoder()
        low, high = parts[0].address, max(part.end for part in parts)
        self._callers: dict[int, int | None] = {}
        if image:
            self._callers = dict.fromkeys(_pointers_to(low, high, image))
        self._callers.update(calls_in(parts))
        self._starts = sorted(self._callers)
        self._real: dict[int, bool] = {}

    def around(self, address: int) -> Span | None:
        """From the target before ``address`` to the next."""
        index = bisect.bisect_right(self._starts, address)
        following = self._starts[index] if index < len(self._starts) else 1 << 64
        for start in reversed(self._starts[max(index - MAX_CHANCE, 0) : index]):
            if address - start > MAX_FUNCTION:
                return None
            if self._is_real(start):
                return Span(start, following)
        return None

    def _is_real(self, target: int) -> bool:
        if target not in self._real:
            part = next((p for p in self._parts if p.address <= target < p.end), None)
            self._real[target] = part is not None and (
                looks_like_start(part, target) or self._is_called(target)
            )
        return self._real[target]

    def _is_called(self, target: int) -> bool:
        caller = self._callers[target]
        if caller is None:
            return False
        part = next(p for p in self._parts if p.address <= caller < p.end)
        return vote(self._decoder, part, caller) is Vote.YES


def calls_in(parts: list[Code]) -> Iterator[tuple[int, int]]:
    """Target and place of what may be a direct call between ``parts``, by its bytes."""
    low, high = parts[0].address, max(part.end for part in parts)
    pattern = with_distance(rb"\xe8", high - low)
    for part in parts:
        data, base = part.data, part.address
        for match in pattern.finditer(data):
            at = match.start()
            target = base + at + 5 + int.from_bytes(data[at + 1 : at + 5], "little", signed=True)
            if low <= target < high:
                yield target, base + at


def looks_like_start(code: Code, address: int) -> bool:
    """Whether a function may begin at ``address``: it is marked, or aligned behind an end."""
    offset = address - code.address
    if code.data.startswith(_ENDBR64, offset):
        return True
    before = code.data[offset - 1] if 0 < offset < len(code.data) else 0
    return address % _ALIGNMENT == 0 and before in _BEFORE_FUNCTION


def _pointers_to(low: int, high: int, image: Image) -> Iterator[int]:
    """The aligned words of the image's data that point into its code."""
    for address, data in image.data():
        aligned = data[-address % 8 :]
        words = memoryview(aligned[: len(aligned) & ~7]).cast("Q")
        yield from {word for word in words if low <= word < high}


def with_distance(opcode: bytes, reach: int) -> re.Pattern[bytes]:
    """What matches ``opcode``, where a distance of 32 bits that stays within ``reach`` follows.

    It looks at the highest byte of the distance alone.
    """
    pages = min((reach >> 24) + 1, 128)
    high = b"".join(re.escape(bytes([page])) for page in [*range(pages), *range(256 - pages, 256)])
    return re.compile(opcode + rb"(?=...[" + high + rb"])", re.DOTALL)
