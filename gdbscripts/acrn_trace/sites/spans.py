# SPDX-License-Identifier: BSD-3-Clause
"""Names a stretch of code that some table of the image knows."""

from dataclasses import dataclass
from typing import Callable, Iterable

NO_ANCHORS: tuple[int, ...] = ()


@dataclass(frozen=True)
class Span:
    """Code from ``start`` to ``end``, which an instruction begins at ``start`` of.

    ``anchors`` looks up further addresses in it where an instruction begins.
    """

    start: int
    end: int
    anchors: Callable[[], Iterable[int]] = lambda: NO_ANCHORS
