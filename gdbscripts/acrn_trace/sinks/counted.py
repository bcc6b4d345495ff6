# SPDX-License-Identifier: BSD-3-Clause
"""Reads the rows that cstub/reader/call_counts.c counted, bytes, to the summary's."""

import struct
from collections.abc import Iterator

from acrn_trace.sinks.histogram import Histogram
from acrn_trace.sinks.summary_row import Row
from acrn_trace.tables.errnos import errors_of

# What stands for an error that has no number of its own: enum counts_error.
UNNUMBERED = {-1: "faulted", -2: "-1", -3: "other"}
UNKNOWN_VCPU = -1

_COUNT = struct.Struct("<I")
_NUMBERS = struct.Struct("<8Q")
_PAIR = struct.Struct("<qQ")
_VCPU = struct.Struct("<q")


def counted_rows(data: bytes) -> Iterator[tuple[str | None, Row]]:
    """Each row and its name; None for that of all calls for which there was no room."""
    reader = _Reader(data)
    while reader.has_more:
        name = reader.text()
        calls, findings, tampered, timed, low, high, least, most = reader.take(_NUMBERS)
        row = Row()
        row.calls, row.findings, row.tampered = calls, findings, tampered
        abi = name.rpartition(":")[0] or None
        row.errors.update({_error(number, abi): count for number, count in reader.list(_PAIR)})
        row.vcpus = {None if vcpu == UNKNOWN_VCPU else vcpu for (vcpu,) in reader.list(_VCPU)}
        buckets = dict(reader.list(_PAIR))
        if timed:
            micros = low | high << 64
            row.times = Histogram.of(timed, micros, least / 1e6, most / 1e6, buckets)
        yield name or None, row


def _error(number: int, abi: str | None) -> str:
    name, _ = errors_of(abi).by_number.get(number, (UNNUMBERED[-3], ""))
    return UNNUMBERED.get(number) or name


class _Reader:
    """Takes one thing after the other out of bytes."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    @property
    def has_more(self) -> bool:
        return self._at < len(self._data)

    def take(self, form: struct.Struct) -> tuple[int, ...]:
        values = form.unpack_from(self._data, self._at)
        self._at += form.size
        return values

    def text(self) -> str:
        (size,) = self.take(_COUNT)
        self._at += size
        return self._data[self._at - size : self._at].decode()

    def list(self, form: struct.Struct) -> list[tuple[int, ...]]:
        (count,) = self.take(_COUNT)
        return [self.take(form) for _ in range(count)]
