# SPDX-License-Identifier: BSD-3-Clause
"""What the tool knows of one hypervisor: its calls, its structures, its rules; read from cstub."""

from dataclasses import dataclass
from pathlib import Path

from acrn_trace.calltable import CallTable
from acrn_trace.dwarf import read_layouts
from acrn_trace.fields import read_fields
from acrn_trace.installation import INCLUDE, TYPES
from acrn_trace.results import ResultRules, read_results
from acrn_trace.structures import Structures


@dataclass
class Knowledge:
    table: CallTable
    structures: Structures
    results: ResultRules

    def load(self, path: Path) -> None:
        """Add a user's own calls; TraceError, and nothing added, if the file is wrong."""
        self.table.load(path)


def acrn() -> Knowledge:
    """ACRN's."""
    table = CallTable()
    table.load(INCLUDE / "acrn.def")
    structures = Structures(read_layouts(TYPES), read_fields(INCLUDE / "acrn_fields.def"))
    return Knowledge(table, structures, read_results(INCLUDE / "acrn_results.def"))
