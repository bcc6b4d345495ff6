# SPDX-License-Identifier: BSD-3-Clause
"""Writes one JSON object a call, when the call is over (docs/formats.md)."""

import json
from typing import Any

from acrn_trace.base.output import Output
from acrn_trace.sinks.quick import AT_ONCE, BARE, QuickSink, Sections
from acrn_trace.trace.event import Event

_BODY = object()  # a key of Event.kin


class JsonlSink(QuickSink):
    quick_flags = BARE | AT_ONCE

    def __init__(self, output: Output) -> None:
        self._output = output

    def finished(self, event: Event) -> None:
        self._output.write(json_text(event) + "\n")

    def quick_sections(self, event: Event) -> Sections:
        return "", "", "", "", json_text(event) + "\n"

    def quick_text(self, text: str) -> None:
        self._output.write(text)

    def close(self) -> None:
        self._output.flush()


def compact(tree: Any) -> str:
    """JSON without a space."""
    return json.dumps(tree, separators=(",", ":"))


def json_text(event: Event) -> str:
    """``Event.as_json`` as text, on one line."""
    if event.kin is None or event.duration is None:
        return compact(event.as_json())
    body = event.kin.get(_BODY)
    if body is None:
        whole = event.as_json()
        rest = {key: whole[key] for key in whole if key not in ("seq", "time", "duration")}
        body = event.kin[_BODY] = compact(rest).removeprefix("{")
    time, duration = round(event.time, 6), round(event.duration, 6)
    return f'{{"seq":{event.seq},"time":{time!r},"duration":{duration!r},{body}'
