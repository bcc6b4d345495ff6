# SPDX-License-Identifier: BSD-3-Clause
"""Cuts the type of a structure that says how far it goes to what its bytes say.

``acrn_sizes.def`` has the rules. What a structure says may be wrong, and the guest's own type of
the name may be another: a field is shown where all that may be there agree, else it is Hidden.
"""

from dataclasses import replace
from typing import Sequence

from acrn_trace.tables.fields import FieldTable, SizeRule
from acrn_trace.tables.guest_types import fits
from acrn_trace.tables.layouts import Array, Field, Hidden, Struct, cut


def names_in(struct: Struct, ours: Struct, rule: SizeRule) -> tuple[str, str]:
    """What ``struct``, with the guest's names for ACRN's ``ours``, calls the number and the array.

    What is not there is ``""``.
    """
    at = {field.bit_offset: field.name for field in struct.fields}
    places = (
        field_named(ours, name).bit_offset if name else None for name in (rule.field, rule.array)
    )
    number, array = (at.get(place, "") for place in places)
    return number, array


def number_end(ours: Struct, rule: SizeRule) -> int:
    """Bytes from the beginning of ``ours`` to the end of the number that says its size."""
    number = field_named(ours, rule.field)
    return -(-(number.bit_offset + number.bit_size) // 8)


def reach(ours: Struct, rule: SizeRule, data: bytes) -> int:
    """How many bytes a structure says it has that begins with ``data``: any number."""
    number = field_named(ours, rule.field)
    whole = int.from_bytes(data, "little")
    said = whole >> number.bit_offset & (1 << number.bit_size) - 1
    if not rule.array:
        return said
    array = field_named(ours, rule.array)
    assert isinstance(array.type, Array)
    return array.bit_offset // 8 + max(said, rule.least) * array.type.element.size


def counted(struct: Struct, ours: Struct, rule: SizeRule, size: int) -> Struct:
    """``struct``, whose bytes say that they are ``size``, with so much of its array."""
    place = field_named(ours, rule.array).bit_offset
    return replace(struct, fields=tuple(_cut(field, place, size) for field in struct.fields))


def _cut(field: Field, place: int, size: int) -> Field:
    array = field.type
    if field.bit_offset != place or not isinstance(array, Array):
        return field
    each = max(array.element.size, 1)  # the guest's own type may be anything
    count = min(array.count, (size - place // 8) // each)
    return replace(field, type=replace(array, count=count), bit_size=count * array.element.size * 8)


def may_be(layout: Struct, said: int, data: bytes, fields: FieldTable) -> bool:
    """Whether a structure that says it has ``said`` bytes, and begins with ``data``, may be one."""
    whole = int.from_bytes(data, "little")
    bounds = [
        (field_named(layout, name), bits) for name, bits in fields.bounds.get(layout.name, ())
    ]
    return layout.size == said and all(
        (whole >> field.bit_offset & (1 << field.bit_size) - 1) >> bits == 0
        for field, bits in bounds
    )


def of_size(
    said: int,
    likely: Sequence[Struct],
    layouts: Sequence[Struct],
    declared: Struct | None,
    fields: FieldTable,
) -> Struct:
    """The structure that says it has ``said`` bytes, as far as it says.

    By what it says it is one of ``likely``, at most one, else any of ``layouts``. ``declared`` is
    the guest's own type of the name, which need not be any of them.
    """
    possible = list(likely or layouts)
    if declared and not (likely and fits(likely[0], declared, fields) and declared.size == said):
        possible = [*layouts, declared]
    struct = cut((likely or layouts)[0], said)
    clear = set.intersection(*(_clear(one, fields) for one in possible))
    hidden = (
        field if _place(field) in clear else replace(field, type=Hidden(field.type.size))
        for field in struct.fields
    )
    return replace(struct, fields=tuple(hidden))


def _clear(struct: Struct, fields: FieldTable) -> set[tuple[int, int]]:
    """The places of what is no secret."""
    return {
        _place(field)
        for field in struct.fields
        if "SECRET" not in fields.of(struct.name, field.name).plain
    }


def _place(field: Field) -> tuple[int, int]:
    return field.bit_offset, field.bit_size


def field_named(struct: Struct, name: str) -> Field:
    """The field of a structure of ACRN's that its rules name."""
    return next(field for field in struct.fields if field.name == name)
