# SPDX-License-Identifier: BSD-3-Clause
"""Tells who reads what GDB prints: a person at its console, or a front end that reads GDB/MI."""

import functools
import re
from typing import Sequence

OWN_COMMAND_LINE = "/proc/self/cmdline"

# GDB takes its long options by one hyphen or two, shortened, and with "=" or a word behind them.
_INTERPRETER = re.compile(r"--?(?:i|int(?:e(?:r(?:p\w*)?)?)?)(?:=(.*))?", re.DOTALL)
_NEW_UI = re.compile(r"\bnew-ui\s+mi")


@functools.cache
def reads_mi() -> bool:
    """Whether a front end does, as GDB's command line has it: --interpreter=mi3, new-ui mi3 TTY."""
    try:
        with open(OWN_COMMAND_LINE, "rb") as file:
            words = file.read().decode("utf-8", "backslashreplace").split("\0")
    except OSError:
        return False
    return asks_for_mi(words)


def asks_for_mi(words: Sequence[str]) -> bool:
    """Whether GDB's command line does."""
    for word, after in zip(words[1:], [*words[2:], ""]):
        option = _INTERPRETER.fullmatch(word)
        named = (after if option[1] is None else option[1]) if option else ""
        if named.startswith("mi") or _NEW_UI.search(word):
            return True
    return False
