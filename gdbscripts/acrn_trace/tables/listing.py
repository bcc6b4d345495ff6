# SPDX-License-Identifier: BSD-3-Clause
"""Lists calls for people."""

import re
from collections.abc import Iterator, Mapping

from acrn_trace.base.errors import TraceError
from acrn_trace.tables.calls import CallTable


def regular_expression(text: str) -> re.Pattern[str]:
    """What the user wrote, or a TraceError."""
    try:
        return re.compile(text)
    except re.error as error:
        raise TraceError(f"{text!r} is not a regular expression: {error}") from None


def call_lines(
    table: CallTable, wanted: re.Pattern[str], remarks: Mapping[str, str]
) -> Iterator[str]:
    """The calls whose name matches, with their arguments as the table has them and a remark."""
    found = [entry for entry in table if wanted.search(entry.name)]
    if not found:
        yield f"No call matches {wanted.pattern!r}."
        return
    for entry in found:
        arguments = ", ".join(map(str, entry.arguments))
        remark = f"  {remarks[entry.name]}" if entry.name in remarks else ""
        yield f"{entry.number:#010x} {entry.name}({arguments}){remark}"
