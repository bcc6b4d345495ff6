# SPDX-License-Identifier: BSD-3-Clause
"""Merges two trees of an argument's structure to one: what the call changed in it."""

from dataclasses import dataclass
from typing import Iterator

from acrn_trace.trace.structures import Pointed, Sized, Tree


@dataclass(frozen=True)
class FieldChange:
    """One leaf that differs; ``direction`` is that of the innermost pointer it is behind."""

    path: str
    before: Tree
    after: Tree
    direction: str

    @property
    def what(self) -> str:
        return self.path or "all"


def merge(
    before: Tree, after: Tree, direction: str, changes: list[FieldChange], path: str = ""
) -> Tree:
    """``after``, with ``{"in": …, "out": …}`` where a leaf differs; appends to ``changes``."""
    if alike(before, after):
        inner = {"points_to": after.direction} if isinstance(after, Pointed) else {}
        keys = list(dict.fromkeys([*before, *after]))
        # A reserved field is in a tree only where it is not 0.
        return {
            key: merge(
                before.get(key, 0),
                after.get(key, 0),
                inner.get(key, direction),
                changes,
                joined(path, key),
            )
            for key in keys
        }
    if isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        pairs = enumerate(zip(before, after))
        return [merge(b, a, direction, changes, f"{path}[{index}]") for index, (b, a) in pairs]
    if before == after:
        return after
    changes.append(FieldChange(path, before, after, direction))
    return {"in": before, "out": after}


def alike(before: Tree, after: Tree) -> bool:
    """Whether both are one structure: not two members of a union, nor memory that came or went,
    nor one that says another size by now."""
    if not isinstance(before, dict) or not isinstance(after, dict):
        return False
    if isinstance(before, Sized) and isinstance(after, Sized) and before.size != after.size:
        return False
    if before and after and not before.keys() & after.keys():
        return False
    return ("unreadable" in before) == ("unreadable" in after)


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


def is_change(tree: Tree) -> bool:
    return isinstance(tree, dict) and tree.keys() == {"in", "out"}
