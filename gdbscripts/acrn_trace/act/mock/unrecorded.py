# SPDX-License-Identifier: BSD-3-Clause
"""Knows what a recording of rings lacks of structures: it has their addresses instead."""

from typing import Iterator

from acrn_trace.files.comparable import ADDRESS
from acrn_trace.tables.calls import Entry
from acrn_trace.tables.fields import FieldTable
from acrn_trace.trace.event import Event
from acrn_trace.trace.structures import Tree


def is_unrecorded(was: Tree, now: Tree) -> bool:
    """Whether the guest's value ``now`` has nothing in the recording to be compared with."""
    if was is None or "(unreadable)" in (was, now):  # of a structure its first bytes, perhaps
        return True
    is_address = isinstance(was, str) and (was == ADDRESS or was.startswith("0x"))
    return is_address and isinstance(now, (dict, list))


def lacks_outputs(entry: Entry | None, event: Event, fields: FieldTable) -> bool:
    """Whether the call may have written to memory that was not recorded."""
    if entry is None or event.failed or event.source != "ring":
        return False
    return any(isinstance(tree, str) for tree in _outputs(entry, event.decoded, fields))


def _outputs(entry: Entry, decoded: dict[str, Tree], fields: FieldTable) -> Iterator[Tree]:
    """What stands for structures that the call writes: arguments, and what their fields lead to."""
    for argument in entry.arguments:
        tree = decoded.get(argument.name)
        if not argument.is_pointer:
            continue
        if argument.direction != "in":
            yield tree
        for name, value in tree.items() if isinstance(tree, dict) else ():
            pointee = fields.of(argument.type or "", name).pointee
            if pointee and pointee.direction != "in" and value != "0x0":
                yield value
