# SPDX-License-Identifier: BSD-3-Clause
"""Learns templates of text by example: text with telling numbers in it, in pieces around them.

An example is a record with such numbers in its fields, and the text that is made of it. A field
that is 0, or the same as its twin, stays so, and an address as far from an aligned one: the text
may depend on that (record_fields.py).
"""

import re
import struct
from random import Random
from typing import Callable, NamedTuple, Sequence

from acrn_trace.files.record_fields import NumberField

NOTHING, TIME, DURATION, DECIMAL, HEX, DIGITS = range(6)  # enum report_hole
TRIES = 3  # a telling number may happen to stand elsewhere in the text

_PIECE = struct.Struct("<BxHI")


class Numbers(NamedTuple):
    """What differs in records that look alike. Times are microseconds."""

    time: int
    duration: int
    values: tuple[int, ...]  # of the fields


class Hole(NamedTuple):
    """What stands behind a piece of text."""

    kind: int
    field: int = 0


class Piece(NamedTuple):
    text: str
    hole: Hole


# The text of a record with these numbers in it.
Shown = Callable[[Numbers], str]


def learn(shown: Shown, fields: Sequence[NumberField], own: Numbers) -> list[Piece] | None:
    """The template for a record with its ``own`` numbers; None where there is none.

    It is right for two records that differ in all numbers, and for the record itself.
    """
    for seed in range(TRIES):
        first, second = (_telling(fields, own, Random(2 * seed + n)) for n in (0, 1))
        pieces = taken_apart(shown(first), fields, first)
        if all(put_together(pieces, fields, one) == shown(one) for one in (second, own)):
            return pieces
    return None


def _telling(fields: Sequence[NumberField], own: Numbers, random: Random) -> Numbers:
    values: list[int] = []
    places = {field.bit: index for index, field in enumerate(fields)}
    for field, value in zip(fields, own.values):
        twin = None if field.twin is None else places[field.twin]
        if twin is not None and own.values[twin] == value:
            values.append(values[twin])
        elif value:
            other = _other_than(values, field.bits, random)
            values.append(other & ~field.low | value & field.low)
        else:
            values.append(0)
    return Numbers(random.randrange(10**11, 10**12), random.randrange(10**9), tuple(values))


def _other_than(values: list[int], bits: int, random: Random) -> int:
    """A number of so many bits that is not among ``values``, nor 0."""
    while True:
        value = random.getrandbits(bits - 1) | 1 << bits - 1
        if value not in values:
            return value


def taken_apart(text: str, fields: Sequence[NumberField], numbers: Numbers) -> list[Piece]:
    """The text in pieces around the numbers.

    A register of which a field is the lower part may stand there whole: 0xdead0002 of vmid=2.
    """
    holes = {_seconds(numbers.time): Hole(TIME), _seconds(numbers.duration): Hole(DURATION)}
    ends = {}
    for index, value in reversed(list(enumerate(numbers.values))):
        if value:
            holes[hex(value)], holes[str(value)] = Hole(HEX, index), Hole(DECIMAL, index)
            if fields[index].bits in (16, 32):
                ends[_digits(fields[index], value)] = Hole(DIGITS, index)
    whole, end = "|".join(map(re.escape, holes)), "|".join(ends) or "none"
    pattern = rf"(?<![\w.])(?:(?P<whole>{whole})|0x[0-9a-f]+(?P<end>{end}))(?!\w|\.\d)"
    pieces, done = [], 0
    for match in re.finditer(pattern, text):
        kind = match.lastgroup or ""
        hole = holes[match[kind]] if kind == "whole" else ends[match[kind]]
        pieces.append(Piece(text[done : match.start(kind)], hole))
        done = match.end()
    return [*pieces, Piece(text[done:], Hole(NOTHING))]


def _digits(field: NumberField, value: int) -> str:
    """All hexadecimal digits of the field."""
    return f"{value:0{field.bits // 4}x}"


def put_together(pieces: list[Piece], fields: Sequence[NumberField], numbers: Numbers) -> str:
    """The text with other numbers in the holes."""
    return "".join(piece.text + _written(piece.hole, fields, numbers) for piece in pieces)


def _written(hole: Hole, fields: Sequence[NumberField], numbers: Numbers) -> str:
    if hole.kind in (TIME, DURATION):
        return _seconds(numbers.time if hole.kind == TIME else numbers.duration)
    if hole.kind == NOTHING:
        return ""
    value = numbers.values[hole.field]
    if hole.kind == DIGITS:
        return _digits(fields[hole.field], value)
    return str(value) if hole.kind == DECIMAL else hex(value)


def packed(pieces: list[Piece]) -> bytes:
    """As struct report_piece and its text, one after the other."""
    data = b""
    for piece in pieces:
        text = piece.text.encode()
        data += _PIECE.pack(*piece.hole, len(text)) + text
    return data


def _seconds(micros: int) -> str:
    return f"{micros // 10**6}.{micros % 10**6:06}"
