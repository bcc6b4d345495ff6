# SPDX-License-Identifier: BSD-3-Clause
"""Finds the files that come with the package: their places are the same, installed or not."""

from pathlib import Path

_ROOT = Path(__file__).resolve().parents[3]

INCLUDE = _ROOT / "cstub" / "include"
FIELDS = (INCLUDE / "acrn_fields.def", INCLUDE / "acrn_sizes.def")
TYPES = _ROOT / "build" / "acrn-types.o"
ACRN_TABLE = _ROOT / "build" / "acrn.table"  # tables/compiled.py makes it
LOADER = _ROOT / "gdbscripts" / "acrn-trace.py"
REPORT_LIBRARY = _ROOT / "build" / "libacrn-report.so"
READER_LIBRARY = _ROOT / "build" / "libacrn-reader.so"
RECORDER = _ROOT / "build" / "acrn-record"
MODEL_LIBRARY = _ROOT / "build" / "libacrn-model.so"
