# SPDX-License-Identifier: BSD-3-Clause
"""Reads traces, without what differs from run to run."""

import json
import re
from pathlib import Path


REPEATED = " (stopped again before it returned: reported twice, or faulted and retried)"
_TIME = re.compile(r"\b\d+\.\d{6}\b")


def events_of(path: Path) -> list[dict]:
    """The objects of a JSONL trace, every line of which must be whole."""
    text = path.read_text()
    assert text == "" or text.endswith("\n"), f"{path} ends in half a line: {text[-200:]!r}"
    return [json.loads(line) for line in text.splitlines()]


def without_chance(text: str) -> str:
    """A text trace without its times, and without the stops that QEMU reported twice."""
    return _TIME.sub("T", text).replace(REPEATED, "")
