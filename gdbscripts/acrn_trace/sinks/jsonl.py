# SPDX-License-Identifier: BSD-3-Clause
"""Writes one JSON object a call, when the call is over (docs/formats.md)."""

import json
from typing import Any

from acrn_trace.base.output import Output
from acrn_trace.trace.event import Event
from acrn_trace.trace.sink import Sink


class JsonlSink(Sink):
    def __init__(self, output: Output) -> None:
        self._output = output

    def finished(self, event: Event) -> None:
        self._output.write(json_text(event) + "\n")

    def close(self) -> None:
        self._output.flush()


def compact(tree: Any) -> str:
    """JSON without a space."""
    return json.dumps(tree, separators=(",", ":"))


def json_text(event: Event) -> str:
    """``Event.as_json`` as text, on one line."""
    return compact(event.as_json())
