# SPDX-License-Identifier: BSD-3-Clause
"""Makes events of a recording (docs/trace-file.md), for what works on calls one by one.

The reader in C says what each call is, as a line of JSONL.
"""

import json
from typing import IO, Iterator

from acrn_trace.rings.judge import Judge
from acrn_trace.rings.report import Form, Report
from acrn_trace.tables.knowledge import Knowledge, acrn
from acrn_trace.trace.event import Event
from acrn_trace.trace.eventjson import event_of
from acrn_trace.trace.filters import Filter


def recorded_events(
    file: IO[bytes],
    name: str,
    knowledge: Knowledge | None = None,
    selected: Filter | None = None,
    judge: Judge | None = None,
) -> Iterator[Event]:
    """The events of one file that are ``selected``, nearly in order of time. Losses are findings of
    the next one, or the last.

    TraceError, after the events before it, where the file is damaged.
    """
    report, rest = Report(knowledge or acrn(), Form.JSON, selected, judge=judge), b""
    for text in report.texts(file, name):
        *lines, rest = (rest + bytes(text)).split(b"\n")
        yield from map(event_in, lines)
    report.take_back()


def event_in(line: bytes) -> Event:
    """The event that C wrote as a line of JSONL: a call that is over."""
    event = event_of(json.loads(line))
    event.over = True
    return event
