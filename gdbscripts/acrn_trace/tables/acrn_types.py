# SPDX-License-Identifier: BSD-3-Clause
"""Reads ACRN's types: what the .def files say of fields at once, the layouts when one is needed."""

from acrn_trace.base.errors import TraceError
from acrn_trace.base.places import FIELDS, TYPES
from acrn_trace.tables.dwarf import read_layouts
from acrn_trace.tables.fields import FieldTable, read_fields
from acrn_trace.tables.layouts import LateLayouts, Layouts
from acrn_trace.tables.types import Types


def acrn_types() -> Types:
    """Those of the newest release; TraceError, now or at the first look-up, for a wrong file."""
    fields = read_fields(*FIELDS)
    return Types(LateLayouts(lambda: _layouts(fields)), fields)


def _layouts(fields: FieldTable) -> Layouts:
    """ACRN's; TraceError if those that ``fields`` tells of are not all there."""
    layouts = read_layouts(TYPES)
    lacking = set(fields.sizes).union(*fields.layouts.values()) - layouts.structs.keys()
    if lacking:
        raise TraceError(f"{TYPES} has no struct {min(lacking)}: 'make types' builds it anew")
    return layouts
