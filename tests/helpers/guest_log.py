# SPDX-License-Identifier: BSD-3-Clause
"""Reads the log in which a guest of a real hypervisor says which calls it has made."""

import re
from typing import NamedTuple

_CALL = re.compile(r"^([a-z]+)((?: 0x[0-9a-f]+)+) = (0x[0-9a-f]+)\r?$", re.MULTILINE)


class LoggedCall(NamedTuple):
    """One call as the guest made it; ``who`` is its own vCPU, or the way by which it called."""

    abi: str
    who: int
    number: int
    args: tuple[int, ...]
    result: int


def logged_calls(printed: str) -> list[LoggedCall]:
    """The calls in a guest's own log, in its order."""
    found = []
    for abi, made, result in _CALL.findall(printed):
        who, number, *args = (int(word, 16) for word in made.split())
        found.append(LoggedCall(abi, who, number, tuple(args), int(result, 16)))
    return found


def result_of(event: dict) -> int | None:
    """What came back from a call, unsigned as the log has it; None while it has not."""
    ret = event["ret"]
    return int(ret, 16) if isinstance(ret, str) else ret and ret & (1 << 64) - 1
