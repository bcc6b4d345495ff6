# SPDX-License-Identifier: BSD-3-Clause
"""Structures from GDB's types, as plain layouts."""

import gdb

from acrn_trace.layouts import Array, Field, Scalar, Struct, Type

MAX_NESTING = 8


def lookup_struct(name: str) -> Struct | None:
    """``struct NAME`` of the image that GDB has loaded; None if it has no such type."""
    try:
        found = gdb.lookup_type(f"struct {name}")
    except gdb.error:
        return None
    kind = _layout(found, MAX_NESTING)
    return kind if isinstance(kind, Struct) else None


def _layout(kind: gdb.Type, depth: int) -> Type:
    kind = kind.strip_typedefs()
    if depth and kind.code in (gdb.TYPE_CODE_STRUCT, gdb.TYPE_CODE_UNION):
        fields = tuple(_field(field, depth) for field in kind.fields() if hasattr(field, "bitpos"))
        return Struct(kind.name or "", kind.sizeof, fields, kind.code == gdb.TYPE_CODE_UNION)
    if depth and kind.code == gdb.TYPE_CODE_ARRAY:
        first, last = kind.range()
        return Array(_layout(kind.target(), depth - 1), max(last - first + 1, 0))
    return Scalar(kind.sizeof)


def _field(field: gdb.Field, depth: int) -> Field:
    bits = field.bitsize or field.type.sizeof * 8
    return Field(field.name or "", field.bitpos, bits, _layout(field.type, depth - 1))
