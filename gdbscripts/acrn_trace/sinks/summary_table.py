# SPDX-License-Identifier: BSD-3-Clause
"""Writes the table of calls and their times by name: the columns of strace -c, then more.

Calls that took no time that is known (unfinished ones) count as calls, and in no time. Who counts
them fills the rows: the sink events, or the reader in C those of a recording.
"""

from collections.abc import Callable

from acrn_trace.base.output import Output
from acrn_trace.base.text import printable
from acrn_trace.sinks.counted import counted_rows
from acrn_trace.sinks.histogram import ERROR
from acrn_trace.sinks.stamps import CLOCKS
from acrn_trace.sinks.summary_row import Row

# heading, width; times in microseconds, as strace's usecs/call
COLUMNS = (
    ("% time", 6),
    ("seconds", 11),
    ("usecs/call", 11),
    ("calls", 9),
    ("errors", 9),
    ("min", 9),
    ("median", 9),
    ("p99", 9),
    ("max", 9),
    ("vcpus", 8),
)
HEADER = " ".join(heading.rjust(width) for heading, width in COLUMNS) + " call\n"
RULE = " ".join("-" * width for _, width in COLUMNS) + " ----------------\n"
OTHERS = "(others)"  # the row of calls for whose names there is no room


_KEYS: dict[str, Callable[[tuple[str, Row]], tuple]] = {
    "time": lambda item: (-item[1].times.total, item[0]),
    "calls": lambda item: (-item[1].calls, item[0]),
    "errors": lambda item: (-item[1].errors.total(), item[0]),
    "name": lambda item: (item[0],),
}


class SummaryTable:
    """One row a kind of call, by ``order``; bounded by the kinds there are."""

    MAX_KINDS = 512  # a guest can make up numbers; past this they share a row

    def __init__(self, output: Output, order: str = "time") -> None:
        self._output = output
        self._order = _KEYS[order]
        self._rows: dict[str, Row] = {}
        self._clock: str | None = None

    def row(self, name: str | None, clock: str) -> Row:
        """That of the calls of ``name``, None for no one name; their times are of ``clock``."""
        self._clock = self._clock or clock
        row = self._rows.get(name or OTHERS)
        if row is None:
            name = name if name and len(self._rows) < self.MAX_KINDS else OTHERS
            row = self._rows.setdefault(name, Row())
        return row

    def add_counted(self, data: bytes, clock: str) -> None:
        """Calls that the reader in C counted."""
        for name, row in counted_rows(data):
            self.row(name, clock).merge(row)

    def write(self) -> None:
        total = Row()
        for row in self._rows.values():
            total.merge(row)
        whole = total.times.total
        self._output.write(HEADER + RULE)
        for name, row in sorted(self._rows.items(), key=self._order):
            self._output.write(_line(name, row, whole))
        self._output.write(RULE + _line("total", total, whole))
        if self._clock:
            times = CLOCKS[self._clock].format("min to max in microseconds")
            self._output.write(f"--- {times}; median and p99 within {ERROR:.1%} ---\n")
        self._output.flush()


def _line(name: str, row: Row, whole: float) -> str:
    times = row.times
    known = times.count > 0
    micros = (times.min, times.quantile(0.5), times.quantile(0.99), times.max) if known else ()
    cells = [
        f"{100 * times.total / whole if whole else 0:.2f}",
        f"{times.total:.6f}",
        f"{1e6 * times.total / times.count:.0f}" if known else "",
        f"{row.calls}",
        f"{row.errors.total() or ''}",
        *([f"{1e6 * time:.0f}" for time in micros] or [""] * 4),
        _vcpus(row.vcpus),
    ]
    text = " ".join(cell.rjust(width) for cell, (_, width) in zip(cells, COLUMNS))
    return printable(f"{text} {name}{_notes(row)}") + "\n"


def _vcpus(vcpus: set[int | None]) -> str:
    """``0-2,5``, and ``?`` for those that nobody knows."""
    parts: list[list[int]] = []
    for vcpu in sorted(v for v in vcpus if v is not None):
        if parts and vcpu == parts[-1][-1] + 1:
            parts[-1].append(vcpu)
        else:
            parts.append([vcpu])
    texts = [str(p[0]) if len(p) == 1 else f"{p[0]}-{p[-1]}" for p in parts]
    return ",".join(texts + ["?"] * (None in vcpus))


def _notes(row: Row) -> str:
    errors = ", ".join(f"{name} {count}" for name, count in row.errors.most_common())
    text = f"  {errors}" if errors else ""
    text += f"  ({row.tampered} injected)" if row.tampered else ""
    return f"{text}  !! {row.findings} finding{'s' * (row.findings != 1)}" if row.findings else text
