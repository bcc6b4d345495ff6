# SPDX-License-Identifier: BSD-3-Clause
"""Finds where functions begin and end, and where instructions are known to begin.

From symbols, from ``.eh_frame``, from the kernel's tables and from where a boot loader enters,
whichever the image has.
"""

import bisect
from dataclasses import replace
from functools import cached_property, lru_cache
from typing import Iterable, Iterator, Protocol

from acrn_trace.image.image import Image
from acrn_trace.sites.code32 import Code32
from acrn_trace.sites.kernel_tables import AlternativeSpans, OrcSpans, table_branches
from acrn_trace.sites.labels import LabelSpans
from acrn_trace.sites.reached import ReachedSpans
from acrn_trace.sites.spans import Span
from acrn_trace.sites.unwind import UnwindSpans

MAX_NESTING = 8  # functions that cover one address, looked at


class Spans(Protocol):
    """One of the image's tables."""

    def around(self, address: int) -> Span | None:
        """What covers ``address``, if the table knows."""


class SymbolSpans:
    """Function symbols with sizes."""

    def __init__(self, bounds: list[tuple[int, int]]) -> None:
        self._bounds = [(start, size) for start, size in bounds if size]
        self.starts = [start for start, _ in self._bounds]

    def around(self, address: int) -> Span | None:
        last = bisect.bisect_right(self.starts, address) - 1
        for index in range(last, max(last - MAX_NESTING, -1), -1):
            start, size = self._bounds[index]
            if address < start + size:
                return Span(start, start + size)
        return None


@lru_cache(2)
def bounds_of(image: Image) -> "Bounds":
    """Those of the image, of which some take seconds for a large kernel."""
    return Bounds(image)


class Bounds:
    """What the image's tables say together."""

    def __init__(self, image: Image) -> None:
        self._image = image
        self._symbols, self._unwind = SymbolSpans(image.function_bounds()), UnwindSpans(image)
        self._copied = AlternativeSpans(image)
        self.code32 = Code32(image)
        self._entered = sorted(self.code32.goals)
        self._reached = ReachedSpans(image, self._beginnings)
        described = self._symbols, self._unwind, OrcSpans(image), self._copied, LabelSpans(image)
        self._tables: list[Spans] = [*described, self._reached]
        self._objects = image.objects()
        self._object_starts = [start for start, _ in self._objects]

    def around(self, address: int) -> Span | None:
        """The function around ``address``, by the first table that knows.

        Its anchors are those of all tables.
        """
        span = next(self._around(address), None)
        if span is None:
            return None
        start = max(span.start, self._entered_before(address))
        return replace(span, start=start, anchors=lambda: self._anchors(address, span))

    def _around(self, address: int) -> Iterator[Span]:
        return (span for table in self._tables if (span := table.around(address)))

    def _entered_before(self, address: int) -> int:
        """Where 64-bit code was entered last before ``address``: what is before that is another
        function's, or 32-bit code of the same."""
        index = bisect.bisect_right(self._entered, address) - 1
        return self._entered[index] if index >= 0 else 0

    def _anchors(self, address: int, span: Span) -> Iterator[int]:
        for one in self._around(address):
            yield one.start
            yield from one.anchors()
        first = bisect.bisect_left(self._landings, span.start)
        yield from self._landings[first : bisect.bisect_left(self._landings, span.end)]

    @cached_property
    def _landings(self) -> list[int]:
        """What the kernel's tables lead to: the blocks of asm goto, fixups of exceptions."""
        fixups = table_branches(self._image, "__ex_table")
        return sorted({to for _, to in (*self._jump_labels, *fixups)})

    @cached_property
    def _jump_labels(self) -> list[tuple[int, int]]:
        return sorted(table_branches(self._image, "__jump_table"))

    def jump_labels(self, start: int, end: int) -> list[tuple[int, int]]:
        """From and to of where asm goto between ``start`` and ``end`` may go."""
        labels = self._jump_labels
        return labels[bisect.bisect_left(labels, (start, 0)) : bisect.bisect_left(labels, (end, 0))]

    def reached(self, addresses: Iterable[int]) -> list[int]:
        """Those of ``addresses`` where a walk from known beginnings finds instructions."""
        return [address for address in addresses if self._reached.begins_at(address)]

    @cached_property
    def _boots(self) -> set[int]:
        """Where a boot loader enters 64-bit code."""
        entries = self._image.boot_entries.items()
        return {self._image.linked_address(entry) for entry, bits in entries if bits == 64}

    def _beginnings(self) -> Iterator[int]:
        """Where 64-bit code is known to begin: what boot loaders enter comes first."""
        yield from self._boots
        yield from self._entered
        yield from self._landings
        yield from self._symbols.starts
        yield from self._unwind.starts

    def is_function(self, address: int) -> bool:
        """Whether a table says that a function begins at ``address``."""
        if address in self.code32.goals:
            return True
        return any(span.start == address for span in self._around(address))

    def has_size(self, address: int) -> bool:
        """Whether a symbol tells the size of the function around ``address``: data is in none."""
        return self._symbols.around(address) is not None

    def is_copied(self, address: int) -> bool:
        """Whether what is there runs elsewhere only, where the kernel copies it to."""
        return self._copied.around(address) is not None

    def is_data(self, address: int) -> bool:
        """Whether a symbol says that data is there."""
        index = bisect.bisect_right(self._object_starts, address) - 1
        return index >= 0 and address < sum(self._objects[index])
