# SPDX-License-Identifier: BSD-3-Clause
"""Counts durations in bounded memory, for quantiles: buckets are a fixed ratio wide."""

from math import frexp, inf, ldexp

STEPS = 32  # buckets an octave
ERROR = 1 / (2 * STEPS)  # of a quantile, relative, at most: the middle of a bucket stands for it
SHORTEST, LONGEST = 1e-9, 1e9  # seconds; all that is beyond counts as that


class Histogram:
    """Durations in seconds. Exact, to the microsecond: count, total, min, max; quantiles within
    ERROR."""

    def __init__(self) -> None:
        self.count = 0
        self.micros = 0  # all of them together
        self.min, self.max = inf, -inf
        self._buckets: dict[int, int] = {}

    @classmethod
    def of(
        cls, count: int, micros: int, least: float, most: float, buckets: dict[int, int]
    ) -> "Histogram":
        """One that was counted elsewhere."""
        made = cls()
        made.count, made.micros, made.min, made.max = count, micros, least, most
        made._buckets = buckets
        return made

    @property
    def total(self) -> float:
        return self.micros / 1e6

    def add(self, seconds: float) -> None:
        self.count += 1
        self.micros += round(seconds * 1e6)
        if seconds < self.min:
            self.min = seconds
        if seconds > self.max:
            self.max = seconds
        fraction, exponent = frexp(min(max(seconds, SHORTEST), LONGEST))
        bucket = exponent * STEPS + int((fraction * 2 - 1) * STEPS)
        self._buckets[bucket] = self._buckets.get(bucket, 0) + 1

    def merge(self, other: "Histogram") -> None:
        self.count += other.count
        self.micros += other.micros
        self.min, self.max = min(self.min, other.min), max(self.max, other.max)
        for bucket, count in other._buckets.items():
            self._buckets[bucket] = self._buckets.get(bucket, 0) + count

    def quantile(self, part: float) -> float:
        """The smallest duration that ``part`` of all do not exceed; 0 if there are none."""
        rest = part * self.count
        for bucket in sorted(self._buckets):
            rest -= self._buckets[bucket]
            if rest <= 0:
                return min(max(_middle(bucket), self.min), self.max)
        return self.max if self.count else 0.0


def _middle(bucket: int) -> float:
    exponent, step = divmod(bucket, STEPS)
    return ldexp((1 + (step + 0.5) / STEPS) / 2, exponent)
