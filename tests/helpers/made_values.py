# SPDX-License-Identifier: BSD-3-Clause
"""Makes decoded values by hand, each as Python has it and with what the decoder in C has of it.

    made = structure({"id": number(3), "name": characters(b"vm1")})
    made.tree                                  # {"id": 3, "name": "vm1"}: of an Event's ``decoded``
"""

from dataclasses import dataclass
from typing import Any, Mapping

from acrn_trace.base.text import text_of

MASK64 = (1 << 64) - 1
VALUE_NO_TRUTH, VALUE_ZERO, VALUE_MOVED = 1, 4, 8
# enum value_kind
NUMBER, HEX, NAME, SET, CHARACTERS, BYTES_OF = range(1, 7)
REDACTED, STRUCT, LIST, POINTER, CHANGE = range(7, 12)


@dataclass(frozen=True)
class Made:
    """A value: Python's ``tree``, and what struct value has of it."""

    tree: Any
    kind: int
    number: int = 0
    flags: int = 0
    data: bytes | None = None  # text as well
    names: str | None = None  # the enumeration of a set
    omitted: int = 0
    moved_from: int = 0
    children: tuple[tuple[str | None, "Made"], ...] = ()


def number(value: int) -> Made:
    return Made(value, NUMBER, value & MASK64)


def no_truth(value: int) -> Made:
    return Made(value, NUMBER, value, VALUE_NO_TRUTH)


def hexadecimal(value: int) -> Made:
    return Made(hex(value), HEX, value)


def name(text: str, is_zero: bool = False) -> Made:
    return Made(text, NAME, 0, VALUE_ZERO * is_zero, text.encode())


def flags(value: int, names: str | None, values: Mapping[int, str]) -> Made:
    words, rest = [], value
    for bits, word in values.items() if names else ():
        if bits and value & bits == bits:
            words.append(word)
            rest &= ~bits
    words += [hex(rest)] if rest or not words else []
    return Made("|".join(words), SET, value, names=names)


def characters(data: bytes) -> Made:
    return Made(text_of(data), CHARACTERS, data=data)


def bytes_of(data: bytes) -> Made:
    return Made(data.hex(), BYTES_OF, data=data)


def redacted() -> Made:
    return Made("redacted", REDACTED)


def structure(fields: Mapping[str, Made]) -> Made:
    return Made({key: one.tree for key, one in fields.items()}, STRUCT, children=(*fields.items(),))


def list_of(*elements: Made) -> Made:
    return Made([one.tree for one in elements], LIST, children=(*((None, e) for e in elements),))


def change(before: Made, after: Made) -> Made:
    tree = {"in": before.tree, "out": after.tree}
    return Made(tree, CHANGE, children=((None, before), (None, after)))


def leads_to(address: int, there: Made, omitted: int = 0, moved_from: int | None = None) -> Made:
    """A pointer; ``moved_from`` is where it led to at the call, if elsewhere."""
    is_moved = moved_from is not None and moved_from != address
    address_tree = {"in": hex(moved_from), "out": hex(address)} if is_moved else hex(address)
    tree = {"address": address_tree, "points_to": there.tree}
    if omitted:
        tree["omitted"] = omitted
    moved = VALUE_MOVED * is_moved
    return Made(
        tree, POINTER, address, moved, None, None, omitted, moved_from or 0, ((None, there),)
    )
