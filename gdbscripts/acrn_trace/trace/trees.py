# SPDX-License-Identifier: BSD-3-Clause
"""Walks the trees of decoded arguments, which are as JSON has them (docs/formats.md).

A leaf is an int; text in hexadecimal for 64-bit fields; an enumeration's name or flags; characters.
A pointer is ``{"address": "0x…", "points_to": …}``, or has ``"unreadable": why`` instead. What a
call changed is ``{"in": …, "out": …}``.
"""

from typing import Any, Iterator

REDACTED = "redacted"
MAX_ELEMENTS = 1024  # of an array that a count in guest memory sizes (cstub/decode/value.h)
MAX_DEPTH = 4  # of pointers

Tree = Any


def joined(path: str, key: str) -> str:
    """``path.key``, as C writes it: a pointer's target needs no word of its own."""
    if key == "points_to":
        return path
    return f"{path}.{key}" if path else key


def parts(tree: Tree, path: str) -> Iterator[tuple[str, Tree]]:
    """What stands directly in the tree at ``path``, and where; nothing stands in a leaf."""
    if isinstance(tree, dict):
        for key, value in tree.items():
            yield joined(path, key), value
    elif isinstance(tree, list):
        for index, value in enumerate(tree):
            yield f"{path}[{index}]", value


def changes(tree: Tree, path: str = "") -> Iterator[tuple[str, Tree, Tree]]:
    """Where something changed, and from what to what; ``""`` for all of it."""
    if is_change(tree):
        yield path, tree["in"], tree["out"]
    else:
        for place, part in parts(tree, path):
            yield from changes(part, place)


def is_change(tree: Tree) -> bool:
    return isinstance(tree, dict) and tree.keys() == {"in", "out"}
