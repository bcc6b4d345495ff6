# SPDX-License-Identifier: BSD-3-Clause
"""Which engines trace with the QEMU on PATH: breakpoints always, the plugin with newer ones."""

import pytest

from acrn_trace.base.errors import TraceError
from acrn_trace.cli.plugin import api_of
from helpers.guests import QEMU


def _engines() -> tuple[str, ...]:
    try:
        api_of(QEMU)
    except TraceError:
        return ("gdb",)
    return ("gdb", "plugin")


ENGINES = _engines()
in_each_engine = pytest.mark.parametrize("engine", ENGINES)

BY_STOPS = "; a call's includes what the debugger's stops took"


def as_by_stops(trace: str) -> str:
    """A text trace with the head that it has where a debugger stops the guest."""
    head, newline, rest = trace.partition("\n")
    if head.startswith("--- times are the host's") and BY_STOPS not in head:
        head = head.removesuffix(" ---") + BY_STOPS + " ---"
    return head + newline + rest
