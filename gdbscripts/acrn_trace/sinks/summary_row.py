# SPDX-License-Identifier: BSD-3-Clause
"""Holds what is counted of one kind of call."""

from collections import Counter

from acrn_trace.sinks.histogram import Histogram

MAX_VCPUS = 64  # that a row tells apart


class Row:
    """One kind of call."""

    def __init__(self) -> None:
        self.calls = 0
        self.times = Histogram()
        self.errors: Counter[str] = Counter()
        self.findings = 0
        self.tampered = 0
        self.vcpus: set[int | None] = set()

    def merge(self, other: "Row") -> None:
        self.calls += other.calls
        self.times.merge(other.times)
        self.errors.update(other.errors)
        self.findings += other.findings
        self.tampered += other.tampered
        self.vcpus |= other.vcpus
