# SPDX-License-Identifier: BSD-3-Clause
"""Takes the guest's own structures where they really are the hypervisor's.

A kernel has names of its own for fields, and its users know those. But a type of the right name may
be an older or another one: only size and places of fields tell; if they differ it is not taken.
"""

from dataclasses import replace
from typing import Callable, Sequence

from acrn_trace.tables.fields import NO_ROLES, FieldTable, Pointee, Roles
from acrn_trace.tables.layouts import Array, Field, Scalar, Struct, Type, cut

MAX_NESTING = 8

Lookup = Callable[[str], "Struct | None"]


class GuestTypes:
    """Looks up the guest's version of a structure, once each.

    ``fields`` is what is known of fields, by ACRN's names and by those that were found so far.
    """

    def __init__(
        self,
        lookup: Lookup,
        fields: FieldTable,
        notice: Callable[[str], None],
        enum: Callable[[str], dict[int, str]] = lambda name: {},
    ) -> None:
        """``lookup`` finds a structure in the guest's debug information, ``enum`` the names of an
        enumeration's values; ``notice`` tells what is odd."""
        self._lookup = lookup
        self._lookup_enum = enum
        self.fields = fields.copy()
        self._notice = notice
        self._secrets = fields.secrets
        self._told: set[str] = set()
        self._known: dict[str, Struct] = {}
        self._declared: dict[str, Struct | None] = {}
        self._enums: dict[str, dict[int, str]] = {}

    def version_of(self, ours: Struct, layouts: Sequence[Struct] = ()) -> Struct:
        """``ours``, with the guest's names where its debug information has the same structure.

        The guest's may have another of ``layouts``, or end earlier than those, and is not odd.
        """
        if ours.name not in self._known:
            self._known[ours.name] = self._find(ours, layouts)
        return self._known[ours.name]

    def declared(self, ours: Struct) -> Struct | None:
        """The structure that the guest's debug information has under the name, whatever it is."""
        if ours.name not in self._declared:
            self._declared[ours.name] = self._lookup(ours.name)
        return self._declared[ours.name]

    def enum_named(self, name: str) -> dict[int, str]:
        """The values of an enumeration of the guest's; none if it has no such type."""
        if name not in self._enums:
            self._enums[name] = self._lookup_enum(name)
        return self._enums[name]

    def only_the_guests(self, name: str) -> Struct | None:
        """A structure that ACRN does not have, as the guest's debug information has it."""
        if name not in self._known:
            found = self._lookup(name)
            if found is None:
                return None
            self._learn(found, MAX_NESTING)
            self._known[name] = found
        return self._known[name]

    def _learn(self, struct: Struct, depth: int) -> None:
        """Which fields are text, and which have a secret's name."""
        for field in struct.fields:
            if field.name in self._secrets:
                self.fields.learn(struct.name, field.name, Roles(frozenset({"SECRET"})))
                continue
            kind = field.type.element if isinstance(field.type, Array) else field.type
            if isinstance(kind, Struct) and depth:
                self._learn(kind, depth - 1)
            elif isinstance(field.type, Array) and isinstance(kind, Scalar) and kind.character:
                self.fields.learn(struct.name, field.name, Roles(frozenset({"TEXT"})))

    def _find(self, ours: Struct, layouts: Sequence[Struct]) -> Struct:
        for name in (ours.name, *self.fields.aliases.get(ours.name, ())):
            guests = self._lookup(name)
            if guests and fits(ours, guests, self.fields):
                return adopt(ours, guests, self.fields)
            if guests and not self._is_known(guests, layouts):
                self._notice(
                    f"the guest's struct {name} ({guests.size} bytes) is not laid out as ACRN's "
                    f"{ours.name} ({ours.size} bytes), which is used"
                )
        return ours

    def _is_known(self, guests: Struct, layouts: Sequence[Struct]) -> bool:
        """Whether it is as far as it goes one of those, or was odd before."""
        told = guests.name in self._told
        self._told.add(guests.name)
        return told or any(fits(cut(one, guests.size), guests, self.fields) for one in layouts)


def fits(ours: Struct, guests: Struct, fields: FieldTable) -> bool:
    """Whether each field that counts in ``ours`` begins where one of the guest's does.

    The guest's may leave out, join and resize what is reserved, and end before it: Linux declares
    a byte with three reserved ones as a 32-bit field, and an array of what follows with no size.
    """
    counting = {field.bit_offset: field for field in _counting(ours, fields)}
    theirs = {field.bit_offset: field for field in guests.fields if field.bit_size}
    return (
        bool(counting)
        and guests.size <= ours.size
        and counting.keys() <= theirs.keys()
        and all(theirs[at].bit_size >= field.bit_size for at, field in counting.items())
    )


def _counting(struct: Struct, fields: FieldTable) -> list[Field]:
    def is_reserved(field: Field) -> bool:
        return "RESERVED" in fields.of(struct.name, field.name).plain

    return [field for field in struct.fields if field.bit_size and not is_reserved(field)]


def adopt(ours: Struct, guests: Struct, fields: FieldTable) -> Struct:
    """``ours`` with the guest's names for its fields; ``fields`` learns what they are."""
    at = {field.bit_offset: field for field in guests.fields if field.bit_size}
    pairs = [(field, at.get(field.bit_offset)) for field in _counting(ours, fields)]
    names = {mine.name: (theirs and theirs.name) or mine.name for mine, theirs in pairs}
    types = {mine.name: _adopted(mine, theirs, fields) for mine, theirs in pairs}
    for old, new in names.items():
        roles = fields.of(ours.name, old)
        if roles is not NO_ROLES:
            fields.learn(ours.name, new, _renamed(roles, names))
        if (ours.name, old) in fields.cases:
            selector, cases = fields.cases[ours.name, old]
            fields.cases[ours.name, new] = (names.get(selector, selector), cases)
    renamed = (
        replace(f, name=names.get(f.name, f.name), type=types.get(f.name, f.type))
        for f in ours.fields
        if f.bit_offset < guests.size * 8  # what is behind it is somebody else's
    )
    return replace(ours, fields=tuple(renamed))


def _adopted(ours: Field, guests: Field | None, fields: FieldTable) -> Type:
    """The field's type, with the guest's names inside it too where that is a structure."""
    mine, theirs = ours.type, guests.type if guests else None
    if isinstance(mine, Array) and isinstance(theirs, Array):
        element = replace(ours, type=mine.element), replace(ours, type=theirs.element)
        return replace(mine, element=_adopted(*element, fields))
    both = isinstance(mine, Struct) and isinstance(theirs, Struct)
    if both and not mine.is_union and not theirs.is_union and fits(mine, theirs, fields):
        return adopt(mine, theirs, fields)
    return mine


def _renamed(roles: Roles, names: dict[str, str]) -> Roles:
    pointee = roles.pointee
    if pointee is None or pointee.count is None:
        return roles
    return Roles(roles.plain, Pointee(pointee.direction, pointee.type, names[pointee.count]))
