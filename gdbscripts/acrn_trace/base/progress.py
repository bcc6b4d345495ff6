# SPDX-License-Identifier: BSD-3-Clause
"""Shows on standard error how far long work has come, if somebody looks."""

import io
import sys
import time
from collections.abc import Iterable, Iterator

EVERY = 4096  # items between two looks at the clock
INTERVAL = 0.5  # seconds between two lines
BACK = "\r\x1b[K"


class Progress:
    """Counts calls, over all that it watches. ``shown``: whether the line does not disturb."""

    def __init__(self, shown: bool, stream: io.TextIOBase | None = None) -> None:
        self._stream = stream or sys.stderr
        self._shown = shown and self._stream.isatty()
        self._count = 0
        self._begun = self._next = time.monotonic()
        self._next += INTERVAL

    def watch(self, items: Iterable) -> Iterable:
        """The same items, counted."""
        return self._counted(items) if self._shown else items

    def reach(self, count: int) -> None:
        """So many items of one file were counted elsewhere."""
        self._count = count
        if self._shown and time.monotonic() >= self._next:
            self._show()

    def _counted(self, items: Iterable) -> Iterator:
        for item in items:
            yield item
            self._count += 1
            if self._count % EVERY == 0 and time.monotonic() >= self._next:
                self._show()

    def _show(self) -> None:
        now = time.monotonic()
        self._next = now + INTERVAL
        rate = self._count / (now - self._begun)
        self._stream.write(f"{BACK}{self._count:,} calls, {rate:,.0f} a second")
        self._stream.flush()

    def close(self) -> None:
        """Take the line away."""
        if self._shown:
            self._stream.write(BACK)
            self._stream.flush()
