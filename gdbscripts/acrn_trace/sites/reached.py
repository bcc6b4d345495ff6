# SPDX-License-Identifier: BSD-3-Clause
"""Finds the functions that a walk over the code reaches from where it is known to begin."""

import bisect
from functools import cached_property
from typing import Callable, Iterable

from acrn_trace.image.image import Image
from acrn_trace.sites.decoder import Decoder
from acrn_trace.sites.far_jumps import CodeSegments
from acrn_trace.sites.spans import Span
from acrn_trace.sites.walk import Walk

MAX_FUNCTION = 1 << 16
MAX_ROUNDS = 16  # of far returns to more code


class ReachedSpans:
    """The functions that a walk from ``starts`` finds. It is made when somebody asks."""

    def __init__(self, image: Image, starts: Callable[[], Iterable[int]]) -> None:
        self._image = image
        self._roots = starts

    def begins_at(self, address: int) -> bool:
        """Whether an instruction that is reached begins at ``address``."""
        return self._walk.begins_at(address)

    def around(self, address: int) -> Span | None:
        """From the function before ``address`` to the next, if ``address`` is reached, or is in an
        instruction that is."""
        if not self._walk.begins_at(address) and not self._walk.is_inside(address):
            return None
        index = bisect.bisect_right(self._starts, address)
        start = self._starts[index - 1] if index else address
        end = self._starts[index] if index < len(self._starts) else 1 << 64
        return Span(start, end) if address - start <= MAX_FUNCTION else None

    @cached_property
    def _starts(self) -> list[int]:
        return sorted(self._walk.functions)

    @cached_property
    def _walk(self) -> Walk:
        """Far returns go on in code of the same bits, unless a GDT of the image tells otherwise."""
        walk = Walk(Decoder(), self._image.code(), self._image.read)
        starts = list(self._roots())
        walk.functions.update(starts)
        segments = CodeSegments(self._image)
        for _ in range(MAX_ROUNDS):
            walk.follow(starts)
            starts = [g.target for g in walk.far if segments.bits(g.selector) in (64, None)]
            walk.far.clear()
            if not starts:
                break
        return walk
