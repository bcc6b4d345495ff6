# SPDX-License-Identifier: BSD-3-Clause
"""Makes a record that a guest wrote the event that it is, in Python, to compare with C.

What a record does not say is None in the event; memory is what was captured then, never what is
there now.
"""

import struct
from typing import Iterator, Mapping

from acrn_trace.guest.abi import RFLAGS_COMPARED
from acrn_trace.guest.site import Site
from acrn_trace.rings.events import UNKNOWN_HZ, NotRecorded, bare, captures
from acrn_trace.rings.format import (
    ARGUMENTS,
    CHANGED,
    FAULTED,
    RECORD,
    REGISTERS,
    RETURNED,
    SEQUENCE_SHIFT,
    STATE,
    UNKNOWN_VCPU,
    RingHeader,
)
from acrn_trace.tables.calls import Argument, CallTable, Entry
from acrn_trace.tables.knowledge import Knowledge
from acrn_trace.tables.layouts import Struct
from acrn_trace.trace.arguments import ArgumentDecoder
from acrn_trace.trace.clobbers import clobber_findings
from acrn_trace.trace.event import Event
from acrn_trace.trace.field_changes import merge
from acrn_trace.trace.misread import misread_arguments
from acrn_trace.trace.results import ResultChecker
from acrn_trace.trace.structures import Structures, Tree

MAX_MICROS = 999999999999 * 10**6  # no time is more: JSONL has less than 10^12 s
_PAIR = struct.Struct("<QQ")


class RecordDecoder:
    """Makes events of the records of rings with one ``header``."""

    def __init__(
        self,
        knowledge: Knowledge,
        header: RingHeader,
        sites: Mapping[int, Site],
        tsc_hz: int | None,
        source: str = "ring",
    ) -> None:
        self._knowledge = knowledge
        self._source = source
        self._types = knowledge.types
        self._arguments = ArgumentDecoder(knowledge.types)
        self._header = header
        self._sites = sites
        self.hz = tsc_hz or UNKNOWN_HZ

    @property
    def table(self) -> CallTable:
        return self._knowledge.table

    def event(self, raw: bytes, ring: int, seq: int, overwritten: bool = False) -> Event:
        """The event of one record; ``seq`` is the event's own, in order of the trace."""
        word, entry, leave = struct.unpack_from("<QQQ", raw)
        returned = word & STATE == RETURNED
        event = self._decoded(raw, returned, overwritten)
        event.seq, event.time = seq, self._seconds(entry)
        if returned and leave >= entry:
            event.duration = self._seconds(leave - entry)
        event.more = {"ring": ring, "sequence": word >> SEQUENCE_SHIFT}
        return event

    def _seconds(self, ticks: int) -> float:
        return min(ticks * 10**6 // self.hz, MAX_MICROS) / 1e6

    def _decoded(self, raw: bytes, returned: bool, overwritten: bool) -> Event:
        """All of the event that its body says."""
        _, _, _, number, arg1, arg2, result, site, vcpu, flags = RECORD.unpack_from(raw)
        given = flags & ARGUMENTS
        args = (arg1 if given > 0 else 0, arg2 if given > 1 else 0)
        address = self._header.site(site)
        event = Event(
            seq=0,
            time=0.0,
            clock="tsc",
            vcpu=None if vcpu == UNKNOWN_VCPU else vcpu,
            abi=self._knowledge.abi.name,
            nr=number,
            name=self._knowledge.table.call_name(number),
            args=args,
            site=self._sites.get(address) or Site(address),
            source=self._source,
            over=True,
        )
        if not returned:
            event.status = "unknown" if overwritten else "unfinished"
        elif flags & FAULTED:
            event.status = "faulted"
        else:
            event.status, event.rax = "returned", result
        self._decode_arguments(event, raw, flags, given)
        if returned:
            self._find(event, raw, flags)
        return event

    def _decode_arguments(self, event: Event, raw: bytes, flags: int, given: int) -> None:
        entry = self._knowledge.table.numbered(event.nr)
        if entry is None:
            return
        before, after = captures(self._header, raw)
        args, trees = event.args[:given], {}
        for argument, register in zip(entry.arguments, args):
            first = self.structure(argument, before)
            event.decoded[argument.name] = self._argument(argument, register, first, after)
            if argument.kind == "PTR":
                trees[argument.name] = first
                before = after = None  # only the first structure is captured
        event.findings += misread_arguments(entry, self._knowledge.abi, args, trees)

    def _argument(
        self, argument: Argument, register: int, first: Tree | None, after: bytes | None
    ) -> Tree:
        """``first``: what its structure held at the call."""
        if not argument.is_pointer:
            return self._number(argument, register)
        second = self.structure(argument, after)
        if first is None or second is None:
            tree = second if first is None else first
            return hex(register) if tree is None else tree
        return merge(first, second, argument.direction, [])

    def structure(self, argument: Argument, data: bytes | None) -> Tree | None:
        """The tree of a structure of which no more than ``data`` is known."""
        kind = self._types.type_named(argument.type or "")
        if argument.kind != "PTR" or not isinstance(kind, Struct) or not data:
            return None
        return bare(Structures(self._types).beginning(kind, data, NotRecorded()))

    def _number(self, argument: Argument, register: int) -> Tree:
        alone = Entry(0, "", (argument,))
        return bare(self._arguments.entered(alone, (register,), NotRecorded()).shown[argument.name])

    def _find(self, event: Event, raw: bytes, flags: int) -> None:
        """The findings that the record alone gives grounds for."""
        knowledge = self._knowledge
        may_change = knowledge.results.may_change.get(event.name, frozenset())
        allowed = knowledge.abi.may_change | may_change
        event.clobbered = {
            name: (before, after)
            for name, before, after in self._changed(raw, flags)
            if name not in allowed
        }
        event.findings += clobber_findings(event.clobbered, event.name, event.site)
        rules = ResultChecker(
            knowledge.table, knowledge.results, knowledge.explain, abi=knowledge.abi
        )
        # Why it was refused, the rules would have to see from every call before.
        event.findings += [f for f in rules.check(event) if f.kind not in ("enotty", "refused")]

    def _changed(self, raw: bytes, flags: int) -> Iterator[tuple[str, int, int]]:
        """Register, value before and value after, of those that there was room for."""
        offset = self._header.changed_offset
        if not offset or not flags & CHANGED:
            return
        registers = int.from_bytes(raw[offset : offset + 4], "little")
        names = [name for bit, name in enumerate(REGISTERS) if registers >> bit & 1]
        for index, name in enumerate(names[: self._header.changed_slots]):
            before, after = _PAIR.unpack_from(raw, offset + 8 + index * _PAIR.size)
            if name != "rflags" or (before ^ after) & RFLAGS_COMPARED:
                yield name, before, after
