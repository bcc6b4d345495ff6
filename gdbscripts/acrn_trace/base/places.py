# SPDX-License-Identifier: BSD-3-Clause
"""Finds the files that come with the package: their places are the same, installed or not."""

import os

_ROOT = os.path.realpath(__file__).rsplit("/", 4)[0]  # this is gdbscripts/acrn_trace/base/places.py
_INCLUDE = f"{_ROOT}/cstub/include"

ABIS = f"{_INCLUDE}/abi.def"
CALLS = f"{_INCLUDE}/acrn.def"
RESULTS = f"{_INCLUDE}/acrn_results.def"
RELEASES = f"{_INCLUDE}/acrn_versions.def"
FIELDS = (f"{_INCLUDE}/acrn_fields.def", f"{_INCLUDE}/acrn_sizes.def")
TYPES = f"{_ROOT}/build/acrn-types.o"
ACRN_TABLE = f"{_ROOT}/build/acrn.table"  # tables/compiled.py makes it
LOADER = f"{_ROOT}/gdbscripts/acrn-trace.py"
READER_LIBRARY = f"{_ROOT}/build/libacrn-reader.so"
RECORDER = f"{_ROOT}/build/acrn-record"
PLUGIN = f"{_ROOT}/build/acrn-plugin.so"
MODEL_LIBRARY = f"{_ROOT}/build/libacrn-model.so"
