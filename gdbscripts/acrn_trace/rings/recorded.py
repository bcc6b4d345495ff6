# SPDX-License-Identifier: BSD-3-Clause
"""Makes events of a recording (docs/trace-file.md), for what works on calls one by one.

The reader in C says what each call is, as a line of JSONL.
"""

import json
from typing import IO, Iterator

from acrn_trace.rings.report import Form, Report
from acrn_trace.tables.knowledge import Knowledge, acrn
from acrn_trace.trace.event import Event
from acrn_trace.trace.eventjson import event_of


def recorded_events(
    file: IO[bytes], name: str, knowledge: Knowledge | None = None
) -> Iterator[Event]:
    """The events of one file, nearly in order of time. Losses are findings of the next one.

    TraceError, after the events before it, where the file is damaged.
    """
    rest = b""
    for text in Report(knowledge or acrn(), Form.JSON).texts(file, name):
        *lines, rest = (rest + bytes(text)).split(b"\n")
        for line in lines:
            event = event_of(json.loads(line))
            event.over = True
            yield event
