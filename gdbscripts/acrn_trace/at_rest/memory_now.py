# SPDX-License-Identifier: BSD-3-Clause
"""Compares what a record says of memory with what memory holds now."""

from acrn_trace.guest.memory import PhysicalMemory, Unreadable
from acrn_trace.rings.events import RecordDecoder, captures
from acrn_trace.rings.format import RingHeader
from acrn_trace.tables.calls import Argument, Entry
from acrn_trace.tables.knowledge import Knowledge
from acrn_trace.trace.arguments import ArgumentDecoder
from acrn_trace.trace.event import Event
from acrn_trace.trace.field_changes import alike
from acrn_trace.trace.structures import Tree

NOTHING: Tree = object()


class MemoryNow:
    """Compares records with the memory that the guest-physical addresses in them lead to."""

    def __init__(
        self,
        knowledge: Knowledge,
        header: RingHeader,
        decoder: RecordDecoder,
        memory: PhysicalMemory,
    ) -> None:
        self._table = knowledge.table
        self._arguments = ArgumentDecoder(knowledge.types)
        self._header = header
        self._decoder = decoder
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
        """As a decoder of a live call would show it, whoever is to write it."""
        as_input = Argument(argument.kind, argument.name, argument.type, "in")
        alone = Entry(0, "", (as_input,))
        return self._arguments.entered(alone, (register,), self._memory).shown[argument.name]

    def _difference(self, argument: Argument, register: int, recorded: bytes) -> Tree:
        try:
            there = self._memory.read(register, len(recorded))
        except Unreadable as why:
            return {"address": hex(register), "unreadable": str(why)}
        if there == recorded:
            return NOTHING
        then, now = (self._decoder.structure(argument, data) for data in (recorded, there))
        return NOTHING if now is None else differences(then, now)


def differences(then: Tree, now: Tree) -> Tree:
    """The parts of ``now`` that are not as they were ``then``, by their names; or NOTHING."""
    if alike(then, now):
        keys = list(dict.fromkeys([*then, *now]))  # a reserved field is there only if not 0
        parts = {key: differences(then.get(key, 0), now.get(key, 0)) for key in keys}
        return {key: part for key, part in parts.items() if part is not NOTHING} or NOTHING
    return NOTHING if then == now else now
