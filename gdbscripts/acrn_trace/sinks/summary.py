# SPDX-License-Identifier: BSD-3-Clause
"""Counts calls and their times by name, in the rows of a summary."""

from acrn_trace.sinks.stamps import clock_of
from acrn_trace.sinks.summary_row import MAX_VCPUS, Row
from acrn_trace.sinks.summary_table import SummaryTable
from acrn_trace.tables.errnos import errno_name, is_vague
from acrn_trace.trace.event import Event
from acrn_trace.trace.marks import tampering
from acrn_trace.trace.sink import Sink


class SummarySink(Sink):
    """Writes ``table`` at the end."""

    def __init__(self, table: SummaryTable) -> None:
        self._table = table

    def finished(self, event: Event) -> None:
        _count(event, self._table.row(event.name, clock_of(event.clock, event.source)))

    def close(self) -> None:
        self._table.write()


def _count(event: Event, row: Row) -> None:
    row.calls += 1
    if event.duration is not None:
        row.times.add(event.duration)
    if event.failed:
        row.errors[_error(event)] += 1
    row.findings += len(event.findings)
    row.tampered += tampering(event) != ""
    if len(row.vcpus) < MAX_VCPUS:
        row.vcpus.add(event.vcpu)


def _error(event: Event) -> str:
    """The error's name; a literal -1 of ACRN's handlers is none. Few: RAX is an int32, mostly."""
    ret = event.ret
    if ret is None:
        return event.status
    vague = is_vague(ret, event.abi)
    return str(ret) if vague else errno_name(ret, event.abi) or "other"
