# SPDX-License-Identifier: BSD-3-Clause
"""The guest's own structures, taken when they really are the hypervisor's.

A kernel has names of its own for fields, and its users know those. But a type of the right name may
be an older or another one: only size and places of fields tell; if they differ it is not taken.
"""

from dataclasses import replace
from typing import Callable

from acrn_trace.fields import NO_ROLES, FieldTable, Pointee, Roles
from acrn_trace.layouts import Struct

Lookup = Callable[[str], "Struct | None"]


class GuestTypes:
    """Looks up the guest's version of a structure, once each."""

    def __init__(self, lookup: Lookup, fields: FieldTable, notice: Callable[[str], None]) -> None:
        """``lookup`` finds a structure in the guest's debug information; ``notice`` tells it."""
        self._lookup = lookup
        self._fields = fields
        self._notice = notice
        self._known: dict[str, Struct] = {}

    def version_of(self, ours: Struct) -> Struct:
        """``ours``, with the guest's names where its debug information has the same structure."""
        if ours.name not in self._known:
            self._known[ours.name] = self._find(ours)
        return self._known[ours.name]

    def _find(self, ours: Struct) -> Struct:
        for name in (ours.name, *self._fields.aliases.get(ours.name, ())):
            guests = self._lookup(name)
            if guests and guests.same_layout(ours):
                return adopt(ours, guests, self._fields)
            if guests:
                self._notice(
                    f"the guest's struct {name} ({guests.size} bytes) is not laid out as ACRN's "
                    f"{ours.name} ({ours.size} bytes), which is used"
                )
        return ours


def adopt(ours: Struct, guests: Struct, fields: FieldTable) -> Struct:
    """``ours`` with the guest's names for its fields; what is known of them goes along."""
    names = {mine.name: theirs.name for mine, theirs in zip(ours.fields, guests.fields)}
    for old, new in names.items():
        roles = fields.of(ours.name, old)
        if roles is not NO_ROLES:
            fields.roles[ours.name, new] = _renamed(roles, names)
        if (ours.name, old) in fields.cases:
            selector, cases = fields.cases[ours.name, old]
            fields.cases[ours.name, new] = (names.get(selector, selector), cases)
    return replace(ours, fields=tuple(replace(f, name=names[f.name]) for f in ours.fields))


def _renamed(roles: Roles, names: dict[str, str]) -> Roles:
    pointee = roles.pointee
    if pointee is None or pointee.count is None:
        return roles
    return Roles(roles.plain, Pointee(pointee.direction, pointee.type, names[pointee.count]))
