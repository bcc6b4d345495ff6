# SPDX-License-Identifier: BSD-3-Clause
"""Where the files that come with the package are: their places are the same, installed or not."""

from pathlib import Path

from acrn_trace.calltable import CallTable

_ROOT = Path(__file__).resolve().parent.parent.parent

INCLUDE = _ROOT / "cstub" / "include"
LOADER = _ROOT / "gdbscripts" / "acrn-trace.py"


def default_table() -> CallTable:
    """ACRN's calls."""
    table = CallTable()
    table.load(INCLUDE / "acrn.def")
    return table
