# SPDX-License-Identifier: BSD-3-Clause
"""Holds structure layouts as plain data, from whichever debug information."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Callable, Union


@dataclass(frozen=True)
class Scalar:
    """An integer of ``size`` bytes; ``enum`` names its values where its type is an enumeration.

    ``character``: it is C's ``char``, an array of which is text. ``boolean``: it is C's ``bool``.
    """

    size: int
    signed: bool = False
    enum: str | None = None
    character: bool = False
    boolean: bool = False


@dataclass(frozen=True)
class Array:
    element: "Type"
    count: int

    @property
    def size(self) -> int:
        return self.element.size * self.count


@dataclass(frozen=True)
class Field:
    """A member; places in bits from the structure's start, so that bit fields are no exception."""

    name: str
    bit_offset: int
    bit_size: int
    type: "Type"


@dataclass(frozen=True)
class Struct:
    """A structure or union of ``size`` bytes."""

    name: str
    size: int
    fields: tuple[Field, ...]
    is_union: bool = False


@dataclass(frozen=True)
class Hidden:
    """``size`` bytes that are a secret, or may be one for all that is known."""

    size: int


def cut(struct: Struct, size: int) -> Struct:
    """The fields that are there as a whole in the first ``size`` bytes."""
    if size >= struct.size:
        return struct
    fields = tuple(f for f in struct.fields if f.bit_offset + f.bit_size <= size * 8)
    return Struct(struct.name, size, fields, struct.is_union)


Type = Union[Scalar, Array, Struct, Hidden]

MAX_ALIGNMENT = 8  # bytes: of all that the calls take


def alignment(kind: Type) -> int:
    """What a compiler makes the address of a ``kind`` a multiple of, in bytes: 1, 2, 4 or 8.

    By the x86-64 psABI (3.1.2) a number's is its size and a structure's that of its fields; where
    a field lies tells that the structure is packed.
    """
    if isinstance(kind, Scalar):
        return min(_power_of_two_in(kind.size), MAX_ALIGNMENT)
    if isinstance(kind, Array):
        return alignment(kind.element)
    if isinstance(kind, Hidden):
        return 1  # nothing is known of it
    places = ((alignment(one.type), _power_of_two_in(one.bit_offset // 8)) for one in kind.fields)
    return max((min(place) for place in places), default=1)


def _power_of_two_in(number: int) -> int:
    """The greatest that ``number`` is a multiple of, up to MAX_ALIGNMENT."""
    return (number | MAX_ALIGNMENT) & -(number | MAX_ALIGNMENT)


@dataclass
class Layouts:
    """What one source knows: structures and enumerations by name."""

    structs: dict[str, Struct] = field(default_factory=dict)
    enums: dict[str, dict[int, str]] = field(default_factory=dict)


class LateLayouts:
    """The Layouts that ``read`` gives, read when the first of them is asked for."""

    def __init__(self, read: Callable[[], Layouts]) -> None:
        self._read = read

    @cached_property
    def _layouts(self) -> Layouts:
        return self._read()

    @property
    def structs(self) -> dict[str, Struct]:
        return self._layouts.structs

    @property
    def enums(self) -> dict[str, dict[int, str]]:
        return self._layouts.enums
