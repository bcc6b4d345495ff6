# SPDX-License-Identifier: BSD-3-Clause
"""Reads what NAME_fields.def and NAME_sizes.def say about structures, beyond their layout."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property

from acrn_trace.base import deffile
from acrn_trace.base.deffile import Line, Term
from acrn_trace.base.places import table_files
from acrn_trace.tables.calls import full_name

ANY = "any"  # the selector of a pointee that is the same whatever the other arguments are
REGISTERS = "regs"  # the direction of one that is in the arguments' registers itself
PLAIN_ROLES = {"OUT", "TEXT", "FLAGS", "HEX", "RESERVED", "SECRET", "BOOL"}


@dataclass(frozen=True)
class Pointee:
    """What a guest-physical address leads to: one ``type``, or as many as ``count`` says, a field
    or an argument."""

    direction: str
    type: str
    count: str | None = None


@dataclass
class Roles:
    """What is known of one field."""

    plain: frozenset[str] = frozenset()
    pointee: Pointee | None = None


NO_ROLES = Roles()


@dataclass(frozen=True)
class SizeRule:
    """A structure has as many bytes as its ``field`` says; if it names an ``array``, that has as
    many elements, and ``least`` at least."""

    field: str
    array: str = ""
    least: int = 0


@dataclass
class FieldTable:
    roles: dict[tuple[str, str], Roles] = field(default_factory=dict)
    cases: dict[tuple[str, str], tuple[str, dict[int, str]]] = field(default_factory=dict)
    pointees: dict[tuple[str, str], tuple[str, dict[int, Pointee]]] = field(default_factory=dict)

    sizes: dict[str, SizeRule] = field(default_factory=dict)
    layouts: dict[str, list[str]] = field(default_factory=dict)  # that a structure may have
    bounds: dict[str, list[tuple[str, int]]] = field(default_factory=dict)  # field, bits

    # what others call a structure, and a field
    aliases: dict[str, tuple[str, ...]] = field(default_factory=dict)
    called: dict[tuple[str, str], str] = field(default_factory=dict)

    def of(self, struct: str, name: str) -> Roles:
        return self.roles.get((struct, name), NO_ROLES)

    def copy(self) -> "FieldTable":
        """One that may learn names of its own."""
        return replace(self, roles=dict(self.roles), cases=dict(self.cases))

    def learn(self, struct: str, name: str, roles: Roles) -> None:
        """A field has another name as well."""
        self.roles[struct, name] = roles
        for derived in ("text_fields", "outputs", "reserved"):
            self.__dict__.pop(derived, None)

    @cached_property
    def text_fields(self) -> set[str]:
        """The names of fields that hold characters, which a text line puts in quotes."""
        texts = [key for key, roles in self.roles.items() if "TEXT" in roles.plain]
        others = {self.called[key] for key in texts if key in self.called}
        return others | {name for _, name in texts}

    @cached_property
    def secrets(self) -> frozenset[str]:
        """The names that the table has for fields that hold a secret."""
        return frozenset(name for (_, name), r in self.roles.items() if "SECRET" in r.plain)

    @cached_property
    def reserved(self) -> frozenset[str]:
        """Names of fields that are in a tree only where they are not 0; no others are so named."""
        keys = self.roles.items()
        return frozenset(name for (_, name), roles in keys if "RESERVED" in roles.plain)

    @cached_property
    def outputs(self) -> dict[str, frozenset[str]]:
        """For each structure the fields that the hypervisor writes."""
        outs: dict[str, frozenset[str]] = {}
        for (struct, name), role in self.roles.items():
            if "OUT" in role.plain:
                outs[struct] = outs.get(struct, frozenset()) | {name}
        return outs


def read_fields(*hypervisors: str) -> FieldTable:
    """The table of those that have files of them; TraceError for a line that is none."""
    table = FieldTable()
    for abi in hypervisors:
        for path in table_files(abi, "fields", "sizes"):
            add_fields(table, deffile.read(path), abi)
    return table


def add_fields(table: FieldTable, lines: Iterable[Line], abi: str) -> None:
    """Add what the lines say of structures, and of the calls of ``abi``."""
    for line in lines:
        words = line.term.words()
        try:
            if line.term.name == "POINTEE":
                words[0] = full_name(words[0], abi)
            _READERS[line.term.name](table, words, line)
        except (KeyError, ValueError, IndexError):
            raise line.wrong(
                "not a line FIELD(…), CASE(…), POINTEE(…), ALIAS(…), CALLED(…), SIZED(…), "
                "LAYOUT(…), BOUND(…) or COUNTED(…)"
            ) from None


def _field(table: FieldTable, _words: list[str], line: Line) -> None:
    struct, name, *roles = line.term.arguments or ()
    plain = frozenset(str(role) for role in roles if role.arguments is None)
    if plain - PLAIN_ROLES:
        raise line.wrong(f"{min(plain - PLAIN_ROLES)} is not a role")
    pointees = [_pointee(role) for role in roles if role.arguments is not None]
    table.roles[str(struct), str(name)] = Roles(plain, pointees[0] if pointees else None)


def _pointee(role: Term) -> Pointee:
    direction, kind, *count = role.words()
    if len(count) != {"POINTER": 0, "ARRAY": 1}[role.name]:
        raise ValueError(role.name)
    return Pointee(direction, kind, count[0] if count else None)


def _case(table: FieldTable, words: list[str], _line: Line) -> None:
    struct, union, selector, value, member = words
    table.cases.setdefault((struct, union), (selector, {}))[1][int(value)] = member


def _argument_pointee(table: FieldTable, words: list[str], _line: Line) -> None:
    call, argument, selector, value, direction, kind, *count = words
    cases = table.pointees.setdefault((call, argument), (selector, {}))[1]
    (count,) = count or (None,)
    cases[int(value)] = Pointee(direction, kind, count)


def _alias(table: FieldTable, words: list[str], _line: Line) -> None:
    struct, *others = words
    table.aliases[struct] = tuple(others)


def _called(table: FieldTable, words: list[str], _line: Line) -> None:
    struct, name, other = words
    table.called[struct, name] = other


def _sized(table: FieldTable, words: list[str], _line: Line) -> None:
    struct, number = words
    table.sizes[struct] = SizeRule(number)


def _layout(table: FieldTable, words: list[str], _line: Line) -> None:
    struct, other, secret = words
    table.layouts.setdefault(struct, []).append(other)
    table.roles[other, secret] = Roles(frozenset({"SECRET"}))


def _bound(table: FieldTable, words: list[str], _line: Line) -> None:
    _, other, name, bits = words
    table.bounds.setdefault(other, []).append((name, int(bits)))


def _counted(table: FieldTable, words: list[str], _line: Line) -> None:
    struct, array, number, least = words
    table.sizes[struct] = SizeRule(number, array, int(least))


_READERS = {
    "FIELD": _field,
    "CASE": _case,
    "POINTEE": _argument_pointee,
    "ALIAS": _alias,
    "CALLED": _called,
    "SIZED": _sized,
    "LAYOUT": _layout,
    "BOUND": _bound,
    "COUNTED": _counted,
}
