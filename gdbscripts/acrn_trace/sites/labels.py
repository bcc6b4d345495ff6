# SPDX-License-Identifier: BSD-3-Clause
"""Makes functions of the labels of assembly, which have no type, or no size.

A label may name a function, a place in one, or data. One that code goes on to, or branches to, is a
place in that code's function; one that is called is a function; and one that nothing leads to is a
function if what stands there is code that ends by itself.
"""

import bisect
from functools import cached_property
from typing import Iterator

from acrn_trace.image.image import Code, Image
from acrn_trace.sites.call_targets import calls_in
from acrn_trace.sites.label_groups import functions_of
from acrn_trace.sites.spans import Span
from acrn_trace.sites.stretches import read_stretches


class LabelSpans:
    """The functions that begin at labels."""

    def __init__(self, image: Image) -> None:
        self._image = image

    def around(self, address: int) -> Span | None:
        index = bisect.bisect_right(self._starts, address) - 1
        if index < 0 or address >= self._functions[index][1]:
            return None
        return Span(*self._functions[index])

    @cached_property
    def _starts(self) -> list[int]:
        return [start for start, _ in self._functions]

    @cached_property
    def _functions(self) -> list[tuple[int, int]]:
        """Start and end of each, by address."""
        found: list[tuple[int, int]] = []
        for part, bounds in self._runs():
            stretches = read_stretches(self._image, part, bounds, self._called)
            found += functions_of(stretches, self._entries)
        return found

    @cached_property
    def _called(self) -> set[int]:
        """Where calls lead, and where a symbol says that a function is."""
        functions = {start for start, _ in self._image.function_bounds()}
        return functions | {target for target, _ in calls_in(self._image.code())}

    @cached_property
    def _entries(self) -> set[int]:
        return {self._image.linked_address(entry) for entry in self._image.boot_entries}

    def _runs(self) -> Iterator[tuple[Code, list[int]]]:
        """Labels that follow each other with no function of a known size between, each run with
        its end."""
        sized = [(start, start + size) for start, size in self._image.function_bounds() if size]
        inside = Covered(sized)
        labels = [label for label in self._image.labels() if label not in inside]
        for part in self._image.code():
            first = bisect.bisect_left(labels, part.address)
            last = bisect.bisect_left(labels, part.end)
            run: list[int] = []
            for label in dict.fromkeys(labels[first:last]):
                if run and inside.next_after(run[-1]) < label:
                    yield part, [*run, inside.next_after(run[-1])]
                    run = []
                run.append(label)
            if run:
                yield part, [*run, min(inside.next_after(run[-1]), part.end)]


class Covered:
    """The addresses that functions of known sizes cover."""

    def __init__(self, sized: list[tuple[int, int]]) -> None:
        self._starts = [start for start, _ in sized]
        self._ends: list[int] = []  # the furthest end so far
        for _, end in sized:
            self._ends.append(max(end, self._ends[-1] if self._ends else 0))

    def __contains__(self, address: int) -> bool:
        index = bisect.bisect_right(self._starts, address) - 1
        return index >= 0 and address < self._ends[index]

    def next_after(self, address: int) -> int:
        """Where the next begins."""
        index = bisect.bisect_right(self._starts, address)
        return self._starts[index] if index < len(self._starts) else 1 << 64
