# SPDX-License-Identifier: BSD-3-Clause
"""One JSON object a call, written when the call is over (docs/formats.md)."""

import json

from acrn_trace.event import Event
from acrn_trace.sinks import Output, Sink


class JsonlSink(Sink):
    def __init__(self, output: Output) -> None:
        self._output = output

    def finished(self, event: Event) -> None:
        self._output.write(json.dumps(event.as_json(), separators=(",", ":")) + "\n")

    def close(self) -> None:
        self._output.flush()
