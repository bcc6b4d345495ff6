# SPDX-License-Identifier: BSD-3-Clause
"""Counts and times by call, laid out as strace -c does."""

from dataclasses import dataclass, field

from acrn_trace.event import Event
from acrn_trace.sinks import Output, Sink

HEADER = f"{'% time':>6} {'seconds':>11} {'usecs/call':>11} {'calls':>9} {'errors':>9} "
RULE = f"{'-' * 6} {'-' * 11} {'-' * 11} {'-' * 9} {'-' * 9} "


@dataclass
class Row:
    calls: int = 0
    errors: int = 0
    findings: int = 0
    seconds: float = 0.0
    vcpus: set[int | None] = field(default_factory=set)

    def count(self, event: Event) -> None:
        self.calls += 1
        self.errors += event.failed
        self.findings += len(event.findings)
        self.seconds += event.duration or 0.0
        self.vcpus.add(event.vcpu)


class SummarySink(Sink):
    """One row a kind of call, the one that took longest first; bounded by the kinds there are."""

    MAX_KINDS = 512  # a guest can make up numbers; past this they share a row

    def __init__(self, output: Output) -> None:
        self._output = output
        self._rows: dict[str, Row] = {}

    def finished(self, event: Event) -> None:
        name = event.name
        if name not in self._rows and len(self._rows) >= self.MAX_KINDS:
            name = "(others)"
        self._rows.setdefault(name, Row()).count(event)

    def close(self) -> None:
        rows = sorted(self._rows.items(), key=lambda item: (-item[1].seconds, item[0]))
        total = Row()
        for _, row in rows:
            total.calls += row.calls
            total.errors += row.errors
            total.findings += row.findings
            total.seconds += row.seconds
        self._output.write(f"{HEADER}call\n{RULE}----------------\n")
        for name, row in rows:
            self._output.write(_line(name, row, total.seconds))
        self._output.write(f"{RULE}----------------\n")
        self._output.write(_line("total", total, total.seconds))
        self._output.flush()


def _line(name: str, row: Row, whole: float) -> str:
    share = 100 * row.seconds / whole if whole else 0.0
    each = 1e6 * row.seconds / row.calls if row.calls else 0.0
    errors = row.errors or ""
    note = f"  !! {row.findings} findings" if row.findings else ""
    return f"{share:6.2f} {row.seconds:11.6f} {each:11.0f} {row.calls:9} {errors:>9} {name}{note}\n"
