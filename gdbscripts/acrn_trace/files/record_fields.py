# SPDX-License-Identifier: BSD-3-Clause
"""Tells what of a record decides on its text, and what is a number in it.

For cstub/reader/report_layouts.c, which takes records for alike that differ in such numbers alone.
"""

from dataclasses import dataclass, field, replace
from typing import Iterator

from acrn_trace.rings.events import captures
from acrn_trace.rings.format import ARGUMENTS, CHANGED, RECORD, RECORD_SIZE, RingHeader
from acrn_trace.tables.calls import Argument, Entry
from acrn_trace.tables.knowledge import Knowledge
from acrn_trace.tables.layouts import Array, Struct, Type, alignment

MAX_FIELDS = 128  # REPORT_MOST_FIELDS
LEAST_BITS = 16  # fewer make numbers that stand elsewhere in a line as well
# Arguments that are shown as a number or an address whatever their value.
PLAIN = frozenset({"VALUE", "VMID", "PASS", "PTR", "ADDR"})

_BODY = 24  # bytes; what is before it in a record differs in each
_ARGUMENTS_AT = (32, 40)
_CAPTURE_HEADER, _CHANGED_HEADER, _CHANGE = 8, 8, 16


@dataclass(frozen=True)
class NumberField:
    """Bits of a record; ``twin`` is where a number begins whose being the same or not counts.

    Of an address it counts as well whether it has some of the bits ``low``.
    """

    bit: int
    bits: int
    twin: int | None = None
    low: int = 0

    @property
    def mask(self) -> int:
        return (1 << self.bits) - 1 << self.bit

    def of(self, record: int) -> int:
        return record >> self.bit & (1 << self.bits) - 1


@dataclass
class RecordLayout:
    """Of records of one number, flags and captured sizes; a record is one large number here."""

    mask: int  # what is compared
    fields: list[NumberField] = field(default_factory=list)


# Number, flags, and how many bytes were captured at the call and at the return.
Kind = tuple[int, int, int | None, int | None]


def kind_of(header: RingHeader, raw: bytes) -> Kind:
    """Records of one kind have one layout."""
    before, after = captures(header, raw)
    _, _, _, number, _, _, _, _, _, flags = RECORD.unpack_from(raw)
    return number, flags, before and len(before), after and len(after)


def layout_of(knowledge: Knowledge, header: RingHeader, raw: bytes) -> RecordLayout:
    """The layout of records like ``raw``."""
    layout = RecordLayout(_bytes(_BODY, RECORD_SIZE - _BODY))
    _, _, _, number, _, _, _, _, _, flags = RECORD.unpack_from(raw)
    _add_blocks(layout, header, raw)
    finder = _FieldFinder(knowledge, knowledge.table.numbered(number))
    for found in finder.of_record(header, raw, flags & ARGUMENTS):
        if len(layout.fields) < MAX_FIELDS:
            layout.fields.append(found)
            layout.mask &= ~found.mask
    for at in _ARGUMENTS_AT[flags & ARGUMENTS :]:
        layout.mask &= ~_bytes(at, 8)
    return layout


def _bytes(start: int, size: int) -> int:
    return (1 << size * 8) - 1 << start * 8


def _add_blocks(layout: RecordLayout, header: RingHeader, raw: bytes) -> None:
    """What was captured, and the list of changed registers, as far as they are valid."""
    first = header.capture_offset + _CAPTURE_HEADER
    for at, captured in zip((first, first + header.capture_bytes), captures(header, raw)):
        layout.mask |= _bytes(at, len(captured or b""))
    at = header.changed_offset
    if at and RECORD.unpack_from(raw)[9] & CHANGED:
        count = min(int.from_bytes(raw[at : at + 4], "little").bit_count(), header.changed_slots)
        layout.mask |= _bytes(at, 4) | _bytes(at + _CHANGED_HEADER, count * _CHANGE)


class _FieldFinder:
    """Finds the numbers in records of one call."""

    def __init__(self, knowledge: Knowledge, entry: Entry | None) -> None:
        self._entry = entry
        self._types = knowledge.types
        failed_if = knowledge.results.failed_if.get(entry.name) if entry else None
        # What the findings depend on.
        self._telling = {failed_if[0].rpartition(".")[2]} if failed_if else set()

    def of_record(self, header: RingHeader, raw: bytes, given: int) -> Iterator[NumberField]:
        if self._entry is None:
            for at in _ARGUMENTS_AT[:given]:
                yield NumberField(at * 8, 64)
            return
        before, after = captures(header, raw)
        for argument, at in list(zip(self._entry.arguments, _ARGUMENTS_AT))[:given]:
            yield from self._of_register(argument, at * 8)
            if argument.kind == "PTR":
                yield from self._of_captures(argument, header, before, after)
                before = after = None  # only the first structure is captured

    def _of_register(self, argument: Argument, bit: int) -> Iterator[NumberField]:
        if argument.kind in PLAIN and argument.bits >= LEAST_BITS:
            kind = self._types.type_named(argument.type or "")
            low = alignment(kind) - 1 if argument.kind == "PTR" and kind else 0
            yield NumberField(bit, argument.bits, low=low)
        elif argument.kind == "PACKED":
            kind = self._types.type_named(argument.type or "")
            if isinstance(kind, Struct):
                yield from self._of_struct(kind, bit, 64)

    def _of_captures(
        self, argument: Argument, header: RingHeader, before: bytes | None, after: bytes | None
    ) -> Iterator[NumberField]:
        """At the call, then at the return: the latter show what has changed."""
        kind = self._types.type_named(argument.type or "")
        if not isinstance(kind, Struct):
            return
        first = 8 * (header.capture_offset + _CAPTURE_HEADER)
        at_call = list(self._of_struct(kind, first, 8 * len(before or b"")))
        yield from at_call
        room, places = 8 * header.capture_bytes, {found.bit for found in at_call}
        for found in self._of_struct(kind, first + room, 8 * len(after or b"")):
            twin = found.bit - room
            yield replace(found, twin=twin if twin in places else None)

    def _of_struct(self, struct: Struct, bit: int, room: int) -> Iterator[NumberField]:
        """The structure at ``bit``, of which ``room`` bits are there."""
        fields = self._types.fields
        cases = fields.cases.items()
        selectors = {selector for (name, _), (selector, _) in cases if name == struct.name}
        selectors |= set(self._types.says_size(struct) or ())
        for part in struct.fields:
            roles = fields.of(struct.name, part.name).plain
            odd = part.name in selectors | self._telling or roles - {"HEX", "OUT", "RESERVED"}
            if not odd and part.bit_offset + part.bit_size <= room:
                yield from self._of_type(part.type, bit + part.bit_offset, part.bit_size)

    def _of_type(self, kind: Type, bit: int, bits: int) -> Iterator[NumberField]:
        if isinstance(kind, Struct):
            if not kind.is_union:
                yield from self._of_struct(kind, bit, bits)
        elif isinstance(kind, Array):
            size = 8 * kind.element.size
            for index in range(min(kind.count, MAX_FIELDS)):
                yield from self._of_type(kind.element, bit + index * size, size)
        elif bits >= LEAST_BITS and not kind.enum and not kind.signed:
            yield NumberField(bit, bits)
