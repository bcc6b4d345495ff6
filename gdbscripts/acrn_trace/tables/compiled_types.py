# SPDX-License-Identifier: BSD-3-Clause
"""Compiles types to a table's: structures with all that is known of their fields, enumerations."""

from dataclasses import dataclass

from acrn_trace.tables import extents
from acrn_trace.tables.fields import REGISTERS, Roles, SizeRule
from acrn_trace.tables.layouts import Array, Field, Hidden, Scalar, Struct, Type, alignment
from acrn_trace.tables.sections import NONE, Sections
from acrn_trace.tables.types import Types

# Limits of cstub/decode/table.h.
DEEPEST = 16
MAX_FIELDS = 4096
MAX_VALUES = 65536
MAX_SIZE = 1 << 24

SCALAR, ARRAY, STRUCT, UNION, HIDDEN, UNKNOWN = range(1, 7)
SIGNED, BOOLEAN = 1, 2
DIRECTIONS = {"in": 1, "out": 2, "inout": 3, REGISTERS: 4}
ROLES = {"OUT": 1, "TEXT": 2, "FLAGS": 4, "HEX": 8, "BOOL": 16, "RESERVED": 32, "SECRET": 64}
QUOTED, MAY_HIDE = 128, 256
IS_ZERO = 1

# An argument, the number in it or beside the field, and cases: value, target, direction, and the
# argument that counts, from 1.
Case = tuple[int, int, int, int]
Selection = tuple[int, Field, list[Case]]


class NotHeld(Exception):
    """A type that no table holds: too deep, too large, or what no decoder could show."""


@dataclass
class _Row:
    """A field, before all of the names are known by which it is shown and what it points at."""

    name: str
    place: tuple[int, int]  # bit offset, bit size
    type: int
    roles: int
    direction: int
    pointee: str | None
    count: int
    selection: Selection | None


class TypeCompiler:
    """Adds types to ``sections``, each once. First ask for all by name, then ``finish``."""

    def __init__(self, sections: Sections, types: Types) -> None:
        self._sections, self._types = sections, types
        self._named: dict[str, int] = {}
        self._enums: dict[str, int] = {}
        self._rules: dict[str, tuple[int, int]] = {}
        self._known: dict[tuple[Type, bool], int] = {}
        self._depths: list[int] = []
        self._rows: list[_Row] = []

    def named(self, name: str) -> int:
        """The index of a type; NONE if there is none of that name, or no table holds it."""
        if name not in self._named:
            kind = self._types.type_named(name)
            try:
                self._named[name] = NONE if kind is None else self._index(kind)
            except NotHeld:
                self._named[name] = NONE
        return self._named[name]

    def pointee(self, name: str) -> int:
        """The index of a type that something points at; of one that has none there is the name."""
        index = self.named(name)
        if index == NONE:
            index = self._named[name] = self._unknown(name)
        return index

    def _unknown(self, name: str) -> int:
        return self._add(Hidden(0), 1, UNKNOWN, name=self._sections.text(name))

    def finish(self) -> None:
        """Add the fields, and the types that they point at."""
        for row in self._rows:  # which grow
            if row.pointee:
                self.pointee(row.pointee)
        for row in self._rows:
            pointee = self.pointee(row.pointee) if row.pointee else NONE
            is_pointer = pointee != NONE
            self._sections.add(
                "fields",
                *(self._sections.text(row.name), *row.place, row.type),
                *(row.roles | self._roles_by_name(row.name), row.direction * is_pointer, 0),
                *(pointee, row.count if is_pointer else NONE),
                self.selection(*row.selection) if row.selection else NONE,
            )

    def enum(self, name: str | None) -> int:
        """The index of an enumeration; NONE if there is none of that name, or it has no values."""
        if not name:
            return NONE
        if name not in self._enums:
            values = self._types.enum_named(name)
            self._enums[name] = self._add_enum(name, values) if values else NONE
        return self._enums[name]

    def _add_enum(self, name: str, values: dict[int, str]) -> int:
        zeros = self._types.zero_names
        rows = [
            (value, self._sections.text(word), IS_ZERO * (word in zeros))
            for value, word in values.items()
            if value in range(1 << 64)  # what is read of memory has no sign
        ]
        first, count = self._sections.add_all("values", rows[:MAX_VALUES])
        return self._sections.add("enums", first, count, self._sections.text(name), 0)

    def _roles_by_name(self, name: str) -> int:
        fields = self._types.fields
        return QUOTED * (name in fields.text_fields) | MAY_HIDE * (name in fields.reserved)

    def _index(self, kind: Type, is_sized: bool = True) -> int:
        """``is_sized``: a structure that says its own size is cut to that."""
        key = kind, is_sized
        if key not in self._known:
            add = {Scalar: self._scalar, Array: self._array, Hidden: self._hidden}.get(type(kind))
            if kind.size > MAX_SIZE:
                raise NotHeld
            self._known[key] = add(kind) if add else self._struct(kind, is_sized)
        return self._known[key]

    def _add(self, kind: Type, depth: int, code: int, flags: int = 0, **more: int) -> int:
        if depth > DEEPEST:
            raise NotHeld
        self._depths.append(depth)
        return self._sections.add(
            "types",
            *(code, flags, alignment(kind), depth, kind.size, more.get("name", NONE)),
            *(more.get("a", NONE), more.get("b", 0), more.get("rule", NONE)),
        )

    def _scalar(self, kind: Scalar) -> int:
        if not 1 <= kind.size <= 8:
            raise NotHeld
        flags = SIGNED * kind.signed | BOOLEAN * kind.boolean
        return self._add(kind, 1, SCALAR, flags, a=self.enum(kind.enum))

    def _array(self, kind: Array) -> int:
        if not kind.element.size:
            kind = Array(Scalar(1), 0)  # the guest's own may be structures of nothing
        element = self._index(kind.element)
        return self._add(kind, self._depths[element] + 1, ARRAY, a=element, b=kind.count)

    def _hidden(self, kind: Hidden) -> int:
        return self._add(kind, 1, HIDDEN)

    def _struct(self, struct: Struct, is_sized: bool) -> int:
        if len(struct.fields) > MAX_FIELDS:
            raise NotHeld
        rows = [self._field(struct, field) for field in struct.fields]
        rule, deepest = self._rule(struct.name) if is_sized else (NONE, 0)
        depth = max(deepest, 1 + max((self._depths[row.type] for row in rows), default=0))
        code = UNION if struct.is_union else STRUCT
        name = self._sections.text(struct.name)
        first = len(self._rows)
        index = self._add(struct, depth, code, name=name, a=first, b=len(rows), rule=rule)
        self._rows += rows
        return index

    def _field(self, struct: Struct, field: Field) -> _Row:
        kind, roles = _shown(field, self._types.fields.of(struct.name, field.name))
        _check_place(struct, field, kind)
        pointee = roles.pointee if isinstance(kind, Scalar) else None
        return _Row(
            field.name,
            (field.bit_offset, field.bit_size),
            self._index(kind),
            sum(ROLES[role] for role in roles.plain),
            DIRECTIONS[pointee.direction] if pointee else 0,
            pointee.type if pointee else None,
            _number_at(struct, pointee.count) if pointee and pointee.count else NONE,
            self._members(struct, field),
        )

    def _members(self, struct: Struct, field: Field) -> Selection | None:
        """The selection of a union's member by a field beside it."""
        selector, cases = self._types.fields.cases.get((struct.name, field.name), ("", {}))
        number, union = _number_at(struct, selector), field.type
        if number == NONE or not isinstance(union, Struct) or not union.is_union:
            return None
        names = [member.name for member in union.fields]
        known = [(value, names.index(name), 0, 0) for value, name in cases.items() if name in names]
        return NONE, struct.fields[number], known

    def selection(self, argument: int, number: Field, cases: list[Case]) -> int:
        """Add a selection: its index."""
        likely = [case for case in cases if case[0] in range(1 << 64)]
        span = self._sections.add_all("cases", likely)
        return self._sections.add("selections", argument, number.bit_offset, number.bit_size, *span)

    def _rule(self, name: str) -> tuple[int, int]:
        """What a structure of that name says of its own size, and how deep that may be."""
        rule, ours = self._types.fields.sizes.get(name), self._types.layouts.structs.get(name)
        if rule is None or ours is None:
            return NONE, 0
        if name not in self._rules:
            add = self._counted if rule.array else self._sized
            self._rules[name] = add(ours, rule)
        return self._rules[name]

    def _counted(self, ours: Struct, rule: SizeRule) -> tuple[int, int]:
        array = extents.field_named(ours, rule.array)
        each = array.type.element.size if isinstance(array.type, Array) else 1
        return self._add_rule(ours, rule, (array.bit_offset, each, rule.least), [], NONE), 0

    def _sized(self, ours: Struct, rule: SizeRule) -> tuple[int, int]:
        """The layouts, what may be a secret in them hidden, and the type of any other size."""
        types = self._types
        family = types.family(ours.name) or [ours]
        layouts = [
            (one, self._index(types.of_size(ours, one.size, [one]), False)) for one in family
        ]
        otherwise = self._index(types.of_size(ours, MAX_SIZE, []), False)
        deepest = max(self._depths[index] for index in (otherwise, *(at for _, at in layouts)))
        return self._add_rule(ours, rule, (NONE, 0, 0), layouts, otherwise), deepest

    def _add_rule(
        self,
        ours: Struct,
        rule: SizeRule,
        array: tuple[int, int, int],
        layouts: list[tuple[Struct, int]],
        otherwise: int,
    ) -> int:
        number = extents.field_named(ours, rule.field)
        rows = [
            (layout.size, index, *self._sections.add_all("bounds", self._bounds(layout)))
            for layout, index in layouts
        ]
        span = self._sections.add_all("layouts", rows)
        end = extents.number_end(ours, rule)
        return self._sections.add(
            "size rules", number.bit_offset, number.bit_size, *array, *span, otherwise, end
        )

    def _bounds(self, layout: Struct) -> list[tuple[int, int, int, int]]:
        bounds = self._types.fields.bounds.get(layout.name, ())
        fields = [(extents.field_named(layout, name), bits) for name, bits in bounds]
        return [(field.bit_offset, field.bit_size, bits, 0) for field, bits in fields]


def _shown(field: Field, roles: Roles) -> tuple[Type, Roles]:
    """A field's type and roles: bits that are hidden are a number that is a secret."""
    if isinstance(field.type, Hidden) and (field.bit_size % 8 or field.bit_offset % 8):
        return Scalar(-(-field.bit_size // 8)), Roles(roles.plain | {"SECRET"})
    return field.type, roles


def _check_place(struct: Struct, field: Field, kind: Type) -> None:
    """NotHeld unless the field is inside its structure and as long as its type."""
    bits = kind.size * 8
    is_part = isinstance(kind, Scalar) and 1 <= field.bit_size <= bits
    is_whole = field.bit_size == bits and field.bit_offset % 8 == 0
    inside = field.bit_offset + field.bit_size <= struct.size * 8
    if not inside or not (is_part or is_whole):
        raise NotHeld


def _number_at(struct: Struct, name: str) -> int:
    """Which of the fields is the number of that name; NONE if none is."""
    for index, field in enumerate(struct.fields):
        if field.name == name:
            return index if isinstance(field.type, Scalar) else NONE
    return NONE
