# SPDX-License-Identifier: BSD-3-Clause
"""Reads our types: what the .def files say of fields at once, the layouts when one is needed."""

from acrn_trace.base.errors import TraceError
from acrn_trace.base.places import TYPES
from acrn_trace.guest.abi import abis
from acrn_trace.tables.dwarf import read_layouts
from acrn_trace.tables.fields import FieldTable, read_fields
from acrn_trace.tables.layouts import LateLayouts, Layouts
from acrn_trace.tables.types import Types


def own_types() -> Types:
    """Those of every hypervisor; TraceError, now or at the first look-up, for a wrong file."""
    fields = read_fields(*abis())
    return Types(LateLayouts(lambda: _layouts(fields)), fields)


def _layouts(fields: FieldTable) -> Layouts:
    """They; TraceError if those that ``fields`` tells of are not all there."""
    layouts = read_layouts(TYPES)
    lacking = set(fields.sizes).union(*fields.layouts.values()) - layouts.structs.keys()
    if lacking:
        raise TraceError(f"{TYPES} has no struct {min(lacking)}: 'make types' builds it anew")
    return layouts
