# SPDX-License-Identifier: BSD-3-Clause
"""What acrn_fields.def says about the fields of structures, beyond their layout."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Iterable

from acrn_trace import deffile
from acrn_trace.deffile import Line, Term

PLAIN_ROLES = {"OUT", "TEXT", "FLAGS", "HEX", "RESERVED", "SECRET"}


@dataclass(frozen=True)
class Pointee:
    """What a guest-physical address leads to: one ``type``, or as many as field ``count`` says."""

    direction: str
    type: str
    count: str | None = None


@dataclass
class Roles:
    """What is known of one field."""

    plain: frozenset[str] = frozenset()
    pointee: Pointee | None = None


NO_ROLES = Roles()


@dataclass
class FieldTable:
    roles: dict[tuple[str, str], Roles] = field(default_factory=dict)
    cases: dict[tuple[str, str], tuple[str, dict[int, str]]] = field(default_factory=dict)
    pointees: dict[tuple[str, str], tuple[str, dict[int, Pointee]]] = field(default_factory=dict)

    aliases: dict[str, tuple[str, ...]] = field(
        default_factory=dict
    )  # what others call a structure

    def of(self, struct: str, name: str) -> Roles:
        return self.roles.get((struct, name), NO_ROLES)

    @property
    def text_fields(self) -> frozenset[str]:
        """The names of fields that hold characters, which a text line puts in quotes."""
        return frozenset(name for (_, name), roles in self.roles.items() if "TEXT" in roles.plain)


def read_fields(path: Path) -> FieldTable:
    """The table in ``path``; TraceError for a line that is none."""
    return fields_of(deffile.read(path))


def fields_of(lines: Iterable[Line]) -> FieldTable:
    table = FieldTable()
    for line in lines:
        words = line.term.words()
        try:
            _READERS[line.term.name](table, words, line)
        except (KeyError, ValueError, IndexError):
            raise line.wrong("not a line FIELD(…), CASE(…), POINTEE(…) or ALIAS(…)") from None
    return table


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
    call, argument, selector, value, direction, kind = words
    cases = table.pointees.setdefault((call, argument), (selector, {}))[1]
    cases[int(value)] = Pointee(direction, kind)


def _alias(table: FieldTable, words: list[str], _line: Line) -> None:
    struct, *others = words
    table.aliases[struct] = tuple(others)


_READERS = {
    "FIELD": _field,
    "CASE": _case,
    "POINTEE": _argument_pointee,
    "ALIAS": _alias,
}
