# SPDX-License-Identifier: BSD-3-Clause
"""Finds the module that runs a command line of acrn-trace: a row of a table a command."""

import os
import re

from acrn_trace.base.errors import TraceError
from acrn_trace.base.suggest import suggest

# The first word of the command line, and the module of this package whose ``run(arguments)`` does
# the work and returns the exit status. Only that one is loaded. USAGE in trace.py names each.
COMMANDS = {
    "sites": "sites",
    "lint": "lint",
    "calls": "calls",
    "record": "record",
    "report": "report",
    "convert": "convert",
    "diff": "diff",
    "ring": "ring",
    "diagnose": "diagnose",
}
TRACE, DIAGNOSE = "trace", "diagnose"  # those that need no word of their own
SOURCES = ("--core", "--memory")  # of a guest at rest

_COMMAND = "[a-z][a-z-]*"


def find_command(arguments: list[str]) -> tuple[str, list[str]]:
    """The module, and the arguments for it; TraceError for a word that is no command."""
    word = arguments[0] if arguments else ""
    if word in COMMANDS:
        return COMMANDS[word], arguments[1:]
    if re.fullmatch(_COMMAND, word) and not os.path.exists(word):
        raise TraceError(f"{word!r} is neither a command nor an image{suggest(word, COMMANDS)}")
    at_rest = any(argument.partition("=")[0] in SOURCES for argument in arguments)
    return DIAGNOSE if at_rest else TRACE, arguments
