# SPDX-License-Identifier: BSD-3-Clause
"""Compares what a record says of memory with what memory holds now."""

from acrn_trace.bindings.calls import CallDecoder
from acrn_trace.guest.memory import PhysicalMemory, Unreadable
from acrn_trace.rings.events import captures
from acrn_trace.rings.format import RingHeader
from acrn_trace.tables.calls import Argument
from acrn_trace.tables.knowledge import Knowledge
from acrn_trace.tables.layouts import Struct
from acrn_trace.trace.event import Event
from acrn_trace.trace.trees import Tree, is_change

NOTHING: Tree = object()


class MemoryNow:
    """Compares records with the memory that the guest-physical addresses in them lead to."""

    def __init__(self, knowledge: Knowledge, header: RingHeader, memory: PhysicalMemory) -> None:
        self._table, self._types = knowledge.table, knowledge.types
        self._calls = CallDecoder(knowledge)
        self._header = header
        self._memory = memory

    def beside(self, event: Event, raw: bytes) -> dict[str, Tree]:
        """Of each argument that is a structure what differs now, or all if it was not recorded."""
        entry = self._table.numbered(event.nr, event.abi)
        now: dict[str, Tree] = {}
        if entry is None or event.status == "faulted":
            return now
        before, after = captures(self._header, raw)
        recorded = before if after is None else after
        for argument, register in zip(entry.arguments, event.args):
            if argument.kind != "PTR" or argument.name not in event.decoded:
                continue
            if recorded is None:
                tree = self._whole(argument, register)
            else:
                tree = self._difference(argument, register, recorded)
            if tree is not NOTHING:
                now[argument.name] = tree
            recorded = None  # only the first structure is captured
        return now

    def _whole(self, argument: Argument, register: int) -> Tree:
        """As a live call's would be shown, whoever is to write it."""
        return self._calls.argument(argument, register, memory=self._memory)

    def _difference(self, argument: Argument, register: int, recorded: bytes) -> Tree:
        try:
            there = self._memory.read(register, len(recorded))
        except Unreadable as why:
            return {"address": hex(register), "unreadable": str(why)}
        if there == recorded:
            return NOTHING
        if not recorded or not isinstance(self._types.type_named(argument.type or ""), Struct):
            return NOTHING
        return differences(self._calls.argument(argument, register, (recorded, there)))


def differences(tree: Tree) -> Tree:
    """The parts that changed, by their names, as they are now; or NOTHING."""
    if is_change(tree):
        return tree["out"]
    if isinstance(tree, dict):
        parts = {key: differences(part) for key, part in tree.items()}
        return {key: part for key, part in parts.items() if part is not NOTHING} or NOTHING
    return now(tree) if tree != now(tree) else NOTHING


def now(tree: Tree) -> Tree:
    """The whole of it."""
    if is_change(tree):
        return tree["out"]
    if isinstance(tree, dict):
        return {key: now(part) for key, part in tree.items()}
    return [now(part) for part in tree] if isinstance(tree, list) else tree
