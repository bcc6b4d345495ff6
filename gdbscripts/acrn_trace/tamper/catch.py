# SPDX-License-Identifier: BSD-3-Clause
"""What ``catch hypercall`` was told, and what it says of a call."""

import re
from dataclasses import dataclass

from acrn_trace.abi import ACRN
from acrn_trace.errors import TraceError
from acrn_trace.event import Event
from acrn_trace.pairing import Call
from acrn_trace.tables.calltable import CallTable
from acrn_trace.tamper.call_selection import CallSelection, select_calls

_CONDITION = re.compile(r"(?:^|\s)if\b")


@dataclass(frozen=True)
class CatchRequest:
    """Which calls, whether at their return, and the user's condition in the guest's language."""

    calls: CallSelection
    at_return: bool
    condition: str | None

    @property
    def what(self) -> str:
        """As GDB lists it."""
        calls = "" if self.calls.everything else f" {self.calls.text.replace(',', ' ')}"
        return f"{'return from' if self.at_return else 'call to'} hypercall{calls}"


def parse_catch(text: str, table: CallTable) -> CatchRequest:
    """``[-r] [NAME|NUMBER|/CLASS]… [if EXPR]``; TraceError for what is none."""
    match = _CONDITION.search(text)
    condition = text[match.end() :].strip() if match else None
    words = (text[: match.start()] if match else text).replace(",", " ").split()
    if condition == "":
        raise TraceError("catch hypercall … if: the condition is missing")
    unknown = [word for word in words if word.startswith("-") and word != "-r"]
    if unknown:
        raise TraceError(f"catch hypercall has no option {unknown[0]}; -r catches the return")
    calls = select_calls([word for word in words if word != "-r"], table)
    return CatchRequest(calls, "-r" in words, condition)


def announcement(number: int, thread: int, at_return: bool, call: Call, event: Event) -> str:
    """The line of a stop, in the words of GDB's own catchpoints."""
    if at_return:
        assert call.exit
        result = call.exit.registers[ACRN.result]
        signed = result - (1 << 64) if result >> 63 else result
        what = f"returned from hypercall {event.name} = {signed}"
    else:
        what = f"call to hypercall {event.name}"
    return f"Thread {thread} hit Catchpoint {number} ({what}), at {event.site}"


def is_silent(commands: str | None) -> bool:
    return bool(commands) and commands.strip().split("\n")[0].strip() == "silent"


def without_last_continue(commands: str) -> tuple[str, bool]:
    """The commands to run now, and whether the guest is to go on after them.

    ``continue`` at the end is left to GDB: run from here each would be inside the one before.
    """
    lines = [line for line in commands.strip().split("\n") if line.strip() != "silent"]
    goes_on = bool(lines) and lines[-1].strip() in ("continue", "c", "cont", "fg")
    return "\n".join(lines[:-1] if goes_on else lines), goes_on
