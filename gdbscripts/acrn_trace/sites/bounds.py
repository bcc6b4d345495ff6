# SPDX-License-Identifier: BSD-3-Clause
"""Finds where functions begin and end, and where instructions are known to begin.

From symbols, from ``.eh_frame`` and from the kernel's ORC tables, whichever the image has.
"""

import bisect
from dataclasses import replace
from typing import Iterator, Protocol

from acrn_trace.image.image import Image
from acrn_trace.sites.kernel_tables import AlternativeSpans, OrcSpans
from acrn_trace.sites.spans import Span
from acrn_trace.sites.unwind import UnwindSpans

MAX_NESTING = 8  # functions that cover one address, looked at


class Spans(Protocol):
    """One of the image's tables."""

    def around(self, address: int) -> Span | None:
        """What covers ``address``, if the table knows."""


class SymbolSpans:
    """Function symbols. One without a size (assembly often) ends where the next begins."""

    def __init__(self, bounds: list[tuple[int, int]]) -> None:
        self._bounds = bounds
        self._starts = [start for start, _ in bounds]

    def around(self, address: int) -> Span | None:
        last = bisect.bisect_right(self._starts, address) - 1
        for index in range(last, max(last - MAX_NESTING, -1), -1):
            start, size = self._bounds[index]
            end = start + size if size else self._next_start(index)
            if address < end:
                return Span(start, end)
        return None

    def _next_start(self, index: int) -> int:
        start = self._starts[index]
        following = bisect.bisect_right(self._starts, start)
        return self._starts[following] if following < len(self._starts) else 1 << 64


class Bounds:
    """What the image's tables say together."""

    def __init__(self, image: Image) -> None:
        symbols = SymbolSpans(image.function_bounds())
        unwind, orc = UnwindSpans(image), OrcSpans(image)
        self._copied = AlternativeSpans(image)
        self._tables: list[Spans] = [symbols, unwind, orc, self._copied]
        self._objects = image.objects()
        self._object_starts = [start for start, _ in self._objects]

    def around(self, address: int) -> Span | None:
        """The function around ``address``, by the first table that knows.

        Its anchors are those of all tables.
        """
        span = next(self._around(address), None)
        return replace(span, anchors=lambda: self._anchors(address)) if span else None

    def _around(self, address: int) -> Iterator[Span]:
        return (span for table in self._tables if (span := table.around(address)))

    def _anchors(self, address: int) -> Iterator[int]:
        for span in self._around(address):
            yield span.start
            yield from span.anchors()

    def is_function(self, address: int) -> bool:
        """Whether a table says that a function begins at ``address``."""
        return any(span.start == address for span in self._around(address))

    def is_copied(self, address: int) -> bool:
        """Whether what is there runs elsewhere only, where the kernel copies it to."""
        return self._copied.around(address) is not None

    def is_data(self, address: int) -> bool:
        """Whether a symbol says that data is there."""
        index = bisect.bisect_right(self._object_starts, address) - 1
        return index >= 0 and address < sum(self._objects[index])
