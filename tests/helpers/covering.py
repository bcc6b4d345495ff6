# SPDX-License-Identifier: BSD-3-Clause
"""Chooses few of many combinations, so that any so many choices that go together occur in one."""

import itertools
from typing import Hashable, Sequence, TypeVar

Row = TypeVar("Row", bound=tuple[Hashable, ...])


def covering(rows: Sequence[Row], together: int) -> list[Row]:
    """Some of ``rows``, the same at each run, that have each ``together`` choices that any has."""
    groups = {row: set(itertools.combinations(enumerate(row), together)) for row in rows}
    left = set().union(*groups.values())
    chosen = []
    while left:
        chosen.append(max(groups, key=lambda row: len(groups[row] & left)))
        left -= groups[chosen[-1]]
    return chosen
