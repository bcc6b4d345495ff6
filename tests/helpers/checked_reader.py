# SPDX-License-Identifier: BSD-3-Clause
"""A plugin of pytest: the readers in C are those that check each access (build/checked)."""

from acrn_trace.bindings import library
from helpers.tree import ROOT

library.READER_LIBRARY = str(ROOT / "build" / "checked" / "libacrn-reader.so")
