# SPDX-License-Identifier: BSD-3-Clause
"""Where the files that come with the package are: in a checkout, or as ``make install`` lays them."""

from pathlib import Path

from acrn_trace.calltable import CallTable
from acrn_trace.errors import TraceError

_PACKAGE = Path(__file__).resolve().parent
_INCLUDE_FOLDERS = (
    _PACKAGE.parent.parent / "cstub" / "include",  # a checkout
    _PACKAGE / "data" / "cstub" / "include",  # installed
)


def include_folder() -> Path:
    """The folder of cstub's headers and tables."""
    for folder in _INCLUDE_FOLDERS:
        if (folder / "acrn.def").is_file():
            return folder
    raise TraceError(f"the call table acrn.def is not in {_INCLUDE_FOLDERS[0]}; reinstall acrn-trace")


def loader_script() -> Path:
    """The file for ``gdb -x``."""
    for script in (_PACKAGE.parent / "acrn-trace.py", _PACKAGE / "data" / "acrn-trace.py"):
        if script.is_file():
            return script
    raise TraceError(f"acrn-trace.py is not beside {_PACKAGE}; reinstall acrn-trace")


def default_table() -> CallTable:
    table = CallTable()
    table.load(include_folder() / "acrn.def")
    return table
