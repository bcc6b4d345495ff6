# SPDX-License-Identifier: BSD-3-Clause
"""Puts the code behind labels together to functions, by where each stretch of it leads."""

import bisect
from itertools import accumulate
from typing import Iterable, Iterator

from acrn_trace.sites.stretches import Stretch


def functions_of(stretches: list[Stretch], entries: set[int]) -> Iterator[tuple[int, int]]:
    """Start and end of each function that ``stretches``, one after the other, make up.

    ``entries`` are where boot loaders enter the image. What nothing leads to is one if it is code
    that ends by itself.
    """
    groups = _Groups(stretches, entries)
    for first, last in groups.ranges():
        one = stretches[first]
        if one.is_code and (groups.is_led_to(first) or not stretches[last].goes_on):
            yield one.start, stretches[last].end


class _Groups:
    """Numbers of stretches, and which of them are joined to the one before."""

    def __init__(self, stretches: list[Stretch], entries: set[int]) -> None:
        self._all = stretches
        self._starts = [one.start for one in stretches]
        self._called = [0, *accumulate(one.is_called for one in stretches)]  # before each
        self._joined = [False] * len(stretches)
        self._led_to = entries | {goal for one in stretches for goal in one.goals}
        self._join(self._branches())
        self._join(self._neighbours())
        for _ in range(2):  # what the first brings together may be next to more
            self._join(self._jumps())

    def ranges(self) -> list[tuple[int, int]]:
        """The numbers of the first and of the last stretch of each group."""
        firsts = [n for n, joined in enumerate(self._joined) if not joined]
        return list(zip(firsts, [n - 1 for n in firsts[1:]] + [len(self._all) - 1]))

    def is_led_to(self, number: int) -> bool:
        one = self._all[number]
        return one.is_called or one.start in self._led_to or self._joined[number]

    def _branches(self) -> Iterator[tuple[int, int]]:
        """What is branched to, or jumped into the middle of, is part of the same function."""
        starts = set(self._starts)
        for here, one in enumerate(self._all):
            for goal in one.branches | (one.jumps - starts):
                there = self._number(goal)
                if there is not None:
                    yield here, there

    def _neighbours(self) -> Iterator[tuple[int, int]]:
        """Code goes on to the next label. But what nothing leads to may be data that looks like
        code: then the next label is one in the same function only if that leads there."""
        is_known = False
        for (first, last), following in zip(self.ranges(), self.ranges()[1:]):
            is_known = is_known or self.is_led_to(first)
            goals = (self._all[n].goals for n in range(first, following[1] + 1))
            leads = is_known or any(self._starts[following[0]] in g for g in goals)
            is_known = leads and self._all[last].goes_on and self._all[following[0]].is_code
            if is_known:
                yield first, following[0]

    def _jumps(self) -> Iterator[tuple[int, int]]:
        """What is jumped to is part of the function beside it that jumps, with data between."""
        ranges = self.ranges()
        group = [number for number, (f, last) in enumerate(ranges) for _ in range(f, last + 1)]
        code = [0, *accumulate(self._all[first].is_code for first, _ in ranges)]
        for here, one in enumerate(self._all):
            for goal in one.jumps:
                there = self._number(goal)
                low, high = sorted((group[here], group[here if there is None else there]))
                if low < high and code[high] == code[low + 1]:
                    yield ranges[low][1], ranges[high][0]

    def _number(self, address: int) -> int | None:
        number = bisect.bisect_right(self._starts, address) - 1
        return number if number >= 0 and address < self._all[number].end else None

    def _join(self, pairs: Iterable[tuple[int, int]]) -> None:
        """Make each two, and all between, one function's, unless a function is called between."""
        changes = [0] * (len(self._all) + 1)
        for here, there in pairs:
            low, high = min(here, there), max(here, there)
            if self._called[low + 1] == self._called[high + 1]:
                changes[low + 1] += 1
                changes[high + 1] -= 1
        covered = accumulate(changes)
        self._joined = [joined or over > 0 for joined, over in zip(self._joined, covered)]
