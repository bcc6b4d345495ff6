# SPDX-License-Identifier: BSD-3-Clause
"""Compares the structure of a call in flight as it was recorded with what memory has now.

Only what the hypervisor has no business to write is compared: inputs, and of a structure that is
both, the fields that are not its outputs. Where it may write all of it, nothing can be told.
"""

from acrn_trace.bindings.calls import CallDecoder
from acrn_trace.diagnosis.case import Case, Recorded
from acrn_trace.guest.memory import Unreadable
from acrn_trace.rings.events import captures
from acrn_trace.rings.format import RingHeader
from acrn_trace.tables.calls import Argument
from acrn_trace.tables.layouts import Struct
from acrn_trace.tables.types import Types
from acrn_trace.trace.trees import Tree, changes, is_change


def changed_since(case: Case, header: RingHeader, call: Recorded) -> list[tuple[str, Tree, Tree]]:
    """The fields of the call's structure that are not what they were when it was made: each with
    what it was and is."""
    argument, address = _captured_argument(case, call)
    before, _ = captures(header, call.raw)
    if argument is None or not before:
        return []
    types = case.knowledge.types
    kind = _compared(types, argument)
    if kind is None:
        return []
    try:
        now = case.found.snapshot.physical.read(address, len(before))
    except Unreadable:
        return []
    tree = CallDecoder(case.knowledge).argument(argument, address, (before, now))
    if not is_change(tree):
        tree = {name: t for name, t in tree.items() if not _is_output(types, kind, name)}
    return list(changes(tree))


def _captured_argument(case: Case, call: Recorded) -> tuple[Argument | None, int]:
    """The argument whose structure the recorder keeps: the first that is a pointer to one."""
    entry = case.knowledge.table.numbered(call.event.nr, call.event.abi)
    for argument, register in zip(entry.arguments if entry else (), call.event.args):
        if argument.kind == "PTR":
            return argument, register
    return None, 0


def _compared(types: Types, argument: Argument) -> Struct | None:
    """The structure, if some of it the caller alone writes."""
    kind = types.type_named(argument.type or "")
    if not isinstance(kind, Struct) or argument.direction == "out":
        return None
    outputs = any(_is_output(types, kind, field.name) for field in kind.fields)
    return None if argument.direction == "inout" and not outputs else kind


def _is_output(types: Types, kind: Struct, name: str) -> bool:
    return "OUT" in types.fields.of(kind.name, name).plain
