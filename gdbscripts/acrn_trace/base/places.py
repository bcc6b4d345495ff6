# SPDX-License-Identifier: BSD-3-Clause
"""Finds the files that come with the package: their places are the same, installed or not."""

import os

_ROOT = os.path.realpath(__file__).rsplit("/", 4)[0]  # this is gdbscripts/acrn_trace/base/places.py
_INCLUDE = f"{_ROOT}/cstub/include"

ABIS = f"{_INCLUDE}/abi.def"
RELEASES = f"{_INCLUDE}/acrn_versions.def"
TYPES = f"{_ROOT}/build/acrn-types.o"
ACRN_TABLE = f"{_ROOT}/build/acrn.table"  # tables/compiled.py makes it
LOADER = f"{_ROOT}/gdbscripts/acrn-trace.py"
READER_LIBRARY = f"{_ROOT}/build/libacrn-reader.so"
RECORDER = f"{_ROOT}/build/acrn-record"
PLUGIN = f"{_ROOT}/build/acrn-plugin.so"
MODEL_LIBRARY = f"{_ROOT}/build/libacrn-model.so"


def table_file(hypervisor: str, what: str = "") -> str:
    """What is known of a hypervisor's ``what`` ("errors", "fields", …; nothing: its calls)."""
    return f"{_INCLUDE}/{hypervisor}{'_' * bool(what)}{what}.def"


def table_files(hypervisor: str, *what: str) -> list[str]:
    """Those that there are."""
    return [path for path in (table_file(hypervisor, one) for one in what) if os.path.exists(path)]
