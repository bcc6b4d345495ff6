# SPDX-License-Identifier: BSD-3-Clause
"""Makes GDB's types structures as plain layouts."""

from typing import Callable

import gdb

from acrn_trace.tables.fields import FieldTable
from acrn_trace.tables.guest_types import GuestTypes
from acrn_trace.tables.layouts import Array, Field, Scalar, Struct, Type

MAX_NESTING = 8
MAX_VALUES = 1024


def lookup_struct(name: str) -> Struct | None:
    """``struct NAME`` of the image that GDB has loaded; None if it has no such type."""
    try:
        found = gdb.lookup_type(f"struct {name}")
    except gdb.error:
        return None
    kind = _layout(found, MAX_NESTING)
    return kind if isinstance(kind, Struct) else None


def lookup_enum(name: str) -> dict[int, str]:
    """The values of ``enum NAME`` of the image; none if it has no such type."""
    try:
        fields = gdb.lookup_type(f"enum {name}").fields()
    except gdb.error:
        return {}
    return {field.enumval: field.name for field in fields[:MAX_VALUES]}


def guest_types(fields: FieldTable, notice: Callable[[str], None]) -> GuestTypes:
    """The types of the image that GDB has loaded."""
    return GuestTypes(lookup_struct, fields, notice, lookup_enum)


def _layout(kind: gdb.Type, depth: int) -> Type:
    kind = kind.strip_typedefs()
    if depth and kind.code in (gdb.TYPE_CODE_STRUCT, gdb.TYPE_CODE_UNION):
        fields = tuple(_field(field, depth) for field in kind.fields() if hasattr(field, "bitpos"))
        return Struct(kind.name or "", kind.sizeof, fields, kind.code == gdb.TYPE_CODE_UNION)
    if depth and kind.code == gdb.TYPE_CODE_ARRAY:
        first, last = kind.range()
        return Array(_layout(kind.target(), depth - 1), max(last - first + 1, 0))
    return _scalar(kind)


def _scalar(kind: gdb.Type) -> Scalar:
    if kind.code == gdb.TYPE_CODE_ENUM:
        return Scalar(kind.sizeof, enum=kind.name)
    signed = kind.code == gdb.TYPE_CODE_INT and kind.is_signed
    is_boolean = kind.code == gdb.TYPE_CODE_BOOL
    return Scalar(kind.sizeof, signed, character=kind.name == "char", boolean=is_boolean)


def _field(field: gdb.Field, depth: int) -> Field:
    bits = field.bitsize or field.type.sizeof * 8
    return Field(field.name or "", field.bitpos, bits, _layout(field.type, depth - 1))
