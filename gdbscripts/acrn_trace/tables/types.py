# SPDX-License-Identifier: BSD-3-Clause
"""Looks up types by name: ACRN's layouts, and the guest's own where they are the same."""

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Sequence

from acrn_trace.tables import extents
from acrn_trace.tables.fields import FieldTable
from acrn_trace.tables.guest_types import GuestTypes
from acrn_trace.tables.layouts import LateLayouts, Layouts, Scalar, Struct, Type, cut

NUMBERS = {
    **{"u8": Scalar(1), "u16": Scalar(2), "u32": Scalar(4), "u64": Scalar(8)},
    "s32": Scalar(4, signed=True),
}


@dataclass
class Types:
    """ACRN's ``layouts`` and what ``own_fields`` adds to them; the guest's names for both where
    its types are known. ``former``: the structures that the release has otherwise, and as which."""

    layouts: Layouts | LateLayouts
    own_fields: FieldTable
    guest_types: GuestTypes | None = None
    former: dict[str, str] = field(default_factory=dict)

    def laid_out_as(self, former: dict[str, str]) -> "Types":
        """The same, of another release."""
        return replace(self, former=former)

    @property
    def fields(self) -> FieldTable:
        """What is known of fields, under all the names that they have here."""
        return self.guest_types.fields if self.guest_types else self.own_fields

    @cached_property
    def zero_names(self) -> frozenset[str]:
        """The names that enumerations have for 0."""
        return frozenset(names[0] for names in self.layouts.enums.values() if 0 in names)

    def type_named(self, name: str) -> Type | None:
        if name in self.former:  # under our names: the guest's may be those of another release
            return self.layouts.structs[self.former[name]]
        struct = self.layouts.structs.get(name)
        if struct and self.guest_types:
            return self.guest_types.version_of(struct, self.family(name))
        known = NUMBERS.get(name) or struct
        if known is None and self.guest_types:
            return self.guest_types.only_the_guests(name)
        return known

    def family(self, name: str) -> list[Struct]:
        """The layouts that ACRN's structure of that name may have, if it says which."""
        return [self.layouts.structs[other] for other in self.own_fields.layouts.get(name, ())]

    def laid_out(self, struct: Struct, data: bytes) -> Struct:
        """``struct``; if it says its own size what its bytes say that it is, as far as they go."""
        rule, ours = self.fields.sizes.get(struct.name), self.layouts.structs.get(struct.name)
        if rule is None or ours is None:
            return struct
        size = extents.reach(ours, rule, data)
        if rule.array:
            return cut(extents.counted(struct, ours, rule, size), len(data))
        least = extents.number_end(ours, rule)
        return cut(self._of_size(ours, max(size, least), data), len(data))

    def with_size(self, struct: Struct, said: int) -> Struct:
        """The layout of so many bytes that ``struct`` may have; that itself if there is none."""
        family = self.family(struct.name)
        for one in family:
            if one.size == said:
                return self.guest_types.version_of(one, family) if self.guest_types else one
        return struct

    def says_size(self, struct: Struct) -> tuple[str, str] | None:
        """Of a structure that says its size the field that does; and the array that it counts."""
        rule, ours = self.fields.sizes.get(struct.name), self.layouts.structs.get(struct.name)
        if rule is None or ours is None:
            return None
        return extents.names_in(struct, ours, rule)

    def _of_size(self, ours: Struct, said: int, data: bytes) -> Struct:
        """ACRN's structure ``ours`` where it says that it has ``said`` bytes."""
        family = self.family(ours.name) or [ours]
        likely = [one for one in family if extents.may_be(one, said, data, self.fields)]
        return self.of_size(ours, said, likely)

    def of_size(self, ours: Struct, said: int, likely: Sequence[Struct]) -> Struct:
        """ACRN's structure ``ours`` where it says that it has ``said`` bytes, and is by what it
        says one of the layouts ``likely``."""
        family, declared = self.family(ours.name) or [ours], None
        layouts = family
        if self.guest_types:
            declared = self.guest_types.declared(ours)
            layouts = [self.guest_types.version_of(one, family) for one in family]
        fields = self.fields
        known = [one for one, acrns in zip(layouts, family) if acrns in likely]
        return extents.of_size(said, known, layouts, declared, fields)

    def enum_named(self, name: str) -> dict[int, str]:
        """The values of an enumeration: ACRN's, else the guest's."""
        known = self.layouts.enums.get(name)
        if known is None and self.guest_types:
            known = self.guest_types.enum_named(name)
        return known or {}


def field_value(struct: Struct, name: str, whole: int) -> int | None:
    """The unsigned number in the field ``name`` of a structure whose bytes are ``whole``."""
    for one in struct.fields:
        if one.name == name:
            return whole >> one.bit_offset & (1 << one.bit_size) - 1
    return None
