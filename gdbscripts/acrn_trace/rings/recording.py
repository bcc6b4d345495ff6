# SPDX-License-Identifier: BSD-3-Clause
"""Reads a recording, the binary trace file (docs/trace-file.md), back to events.

Damage is one sentence with its offset; the calls before it have been yielded by then.
"""

import heapq
import struct
import zlib
from typing import IO, Iterator, NamedTuple, NoReturn

from acrn_trace.base.errors import TraceError
from acrn_trace.guest.site import Site
from acrn_trace.rings import blocks
from acrn_trace.rings.blocks import FULL, LATE, LAYOUT, UNREAD, UNWRITTEN, VERSION, Block
from acrn_trace.rings.events import UNKNOWN_HZ, RecordDecoder
from acrn_trace.rings.format import HEADER_SIZE, NotARing, RingHeader
from acrn_trace.tables.calls import parse
from acrn_trace.tables.knowledge import Knowledge, acrn
from acrn_trace.trace.event import Event, Finding

MAX_PASS = 32 << 20  # bytes that are held to be put in order
MAX_BATCHES = 64
MAX_SITES = 1 << 20
HZ = range(10**7, 10**11 + 1)
WHY_LOST = {
    LATE: "overwritten before they were read",
    FULL: "not written by the guest, since the ring was full",
    UNWRITTEN: "not written by the guest",
    UNREAD: "made after the last look, if any were: the guest was gone first",
}

_ENTRY = struct.Struct("<8xQ")


class Batch(NamedTuple):
    """Records of one ring, back to back."""

    ring: int
    overwritten: bool
    records: bytes
    offset: int  # of their block in the file


class Recording:
    """A recording, read block by block; ``header`` and ``decoder`` are those of the latest pass."""

    def __init__(self, file: IO[bytes], name: str, knowledge: Knowledge | None = None) -> None:
        self._file = file
        self._name = name
        self._knowledge = knowledge or acrn()
        self._sites: dict[int, Site] = {}
        self._table_check: int | None = None
        self._losses: dict[tuple[int, int], list[int]] = {}
        self._notes: list[Finding] = []
        self._pass: list[Batch] = []
        self._pass_number = 0
        self.header: RingHeader | None = None
        self.decoder: RecordDecoder | None = None
        self.records = 0

    def passes(self) -> Iterator[list[Batch]]:
        """The batches that were read at the same time; TraceError where the file is damaged."""
        damage = None
        try:
            for block in blocks.read_blocks(self._file, self._wrong):
                yield from self._take(block)
        except TraceError as error:
            damage = error
        if self._pass:
            yield self._end_pass()
        if damage:
            raise damage

    def take_findings(self) -> list[Finding]:
        """What there is to say about the recording, to go with the next call; once."""
        findings, self._notes = self._notes, []
        for (ring, why), (count, first, last) in self._losses.items():
            most = "up to " if why == UNREAD else ""
            text = f"ring {ring} lost {most}{count} calls ({first} to {last}): {WHY_LOST[why]}"
            findings.append(Finding("lost", text))
        self._losses.clear()
        return findings

    @property
    def has_findings(self) -> bool:
        return bool(self._notes or self._losses)

    def in_order(self, batches: list[Batch]) -> Iterator[tuple[bytes, Batch]]:
        """The records of a pass, by the time of their calls."""
        if len(batches) == 1:
            for _, raw, batch in self._split(batches[0]):
                yield raw, batch
        else:
            merged = heapq.merge(*map(self._split, batches), key=lambda item: item[0])
            for _, raw, batch in merged:
                yield raw, batch

    def _split(self, batch: Batch) -> Iterator[tuple[int, bytes, Batch]]:
        assert self.header
        size, data = self.header.record_size, batch.records
        for at in range(0, len(data), size):
            raw = data[at : at + size]
            yield _ENTRY.unpack_from(raw)[0], raw, batch

    def _take(self, block: Block) -> Iterator[list[Batch]]:
        if self._table_check is None and block.kind != blocks.HEADER:
            self._wrong(block.offset, "the file does not begin with a header")
        if self._pass and block.kind != blocks.LOSS and not self._same_pass(block):
            yield self._end_pass()
        read = _TAKERS.get(block.kind)
        if read:
            read(self, block)

    def _end_pass(self) -> list[Batch]:
        batches, self._pass = self._pass, []
        return batches

    def _same_pass(self, block: Block) -> bool:
        if block.kind != blocks.RECORDS or len(block.payload) < blocks.RECORDS_START.size:
            return False
        room = sum(len(batch.records) for batch in self._pass) + len(block.payload) <= MAX_PASS
        _, _, number = blocks.RECORDS_START.unpack_from(block.payload)
        return room and number == self._pass_number and len(self._pass) < MAX_BATCHES

    def _header(self, block: Block) -> None:
        if self._table_check is not None or len(block.payload) < blocks.HEADER_START.size:
            self._wrong(block.offset, "a header that cannot be right")
        version, size, check, _ = blocks.HEADER_START.unpack_from(block.payload)
        if version != VERSION:
            self._wrong(block.offset, f"its version is {version}, and this reader knows {VERSION}")
        if block.payload[size:] != LAYOUT:
            self._wrong(block.offset, "its records are laid out in a way unknown here")
        self._table_check = check

    def _table(self, block: Block) -> None:
        if zlib.crc32(block.payload) != self._table_check:
            self._wrong(block.offset, "the call table is not the one that the header names")
        try:
            entries = parse(block.payload.decode("utf-8", "replace"), self._name)
        except TraceError as error:
            self._wrong(block.offset, f"the call table is none ({error})")
        self._knowledge = self._knowledge.with_calls(entries)

    def _read_sites(self, block: Block) -> None:
        for line in block.payload.decode("utf-8", "replace").splitlines():
            words = line.split("\t")
            if len(words) != 4 or len(self._sites) >= MAX_SITES:
                self._wrong(block.offset, "a list of sites that is none")
            try:
                address, number = int(words[0], 16), int(words[1] or "0")
            except ValueError:
                self._wrong(block.offset, "a list of sites that is none")
            file, function = words[2] or None, words[3] or None
            self._sites[address] = Site(address, None, file, number or None, function)

    def _rings(self, block: Block) -> None:
        if len(block.payload) != blocks.RINGS_START.size + HEADER_SIZE:
            self._wrong(block.offset, "a description of rings that cannot be right")
        hz, _, _ = blocks.RINGS_START.unpack_from(block.payload)
        try:
            self.header = RingHeader.parse(block.payload[blocks.RINGS_START.size :])
        except NotARing as fault:
            self._wrong(block.offset, f"a description of rings that cannot be right: {fault}")
        if hz and hz not in HZ:
            self._wrong(block.offset, f"a time-stamp counter of {hz} ticks a second")
        if not hz:
            text = (
                f"the guest's time-stamp counter has an unknown speed: shown as {UNKNOWN_HZ:.0e} Hz"
            )
            self._notes.append(Finding("clock", text))
        self.decoder = RecordDecoder(self._knowledge, self.header, self._sites, hz)

    def _records(self, block: Block) -> None:
        header = self._known_rings(block)
        if len(block.payload) <= blocks.RECORDS_START.size:
            self._wrong(block.offset, "a block of no records")
        ring, flags, self._pass_number = blocks.RECORDS_START.unpack_from(block.payload)
        data = block.payload[blocks.RECORDS_START.size :]
        if ring >= header.ring_count or len(data) % header.record_size:
            self._wrong(block.offset, "records that are not of the rings described")
        self._pass.append(Batch(ring, bool(flags & blocks.OVERWRITTEN), data, block.offset))
        self.records += len(data) // header.record_size

    def _loss(self, block: Block) -> None:
        header = self._known_rings(block)
        if len(block.payload) != blocks.LOSS_FORM.size:
            self._wrong(block.offset, "a loss that cannot be right")
        ring, why, first, count = blocks.LOSS_FORM.unpack(block.payload)
        if ring >= header.ring_count or why not in WHY_LOST or not count:
            self._wrong(block.offset, "a loss that cannot be right")
        known = self._losses.setdefault((ring, why), [0, first, first])
        known[0] += count
        known[1], known[2] = min(known[1], first), max(known[2], first + count - 1)

    def _end(self, block: Block) -> None:
        if len(block.payload) != blocks.END_FORM.size:
            self._wrong(block.offset, "an end that cannot be right")
        records, _ = blocks.END_FORM.unpack(block.payload)
        if records != self.records:
            self._wrong(block.offset, f"{records} were written, and {self.records} are there")

    def _known_rings(self, block: Block) -> RingHeader:
        if self.header is None:
            self._wrong(block.offset, "there is no description of the rings in front of it")
        return self.header

    def _wrong(self, offset: int, what: str) -> NoReturn:
        raise TraceError(
            f"{self._name} is damaged or no trace, at byte {offset}: {what}; {self.records} calls "
            "before it were read"
        )


_TAKERS = {
    blocks.HEADER: Recording._header,
    blocks.TABLE: Recording._table,
    blocks.SITES: Recording._read_sites,
    blocks.RINGS: Recording._rings,
    blocks.RECORDS: Recording._records,
    blocks.LOSS: Recording._loss,
    blocks.END: Recording._end,
}


def recorded_events(recording: Recording) -> Iterator[Event]:
    """The events, nearly in order of time. Losses are findings of the next one."""
    held: Event | None = None
    damage = None
    seq = 0
    try:
        for batches in recording.passes():
            for raw, batch in recording.in_order(batches):
                assert recording.decoder
                event = recording.decoder.event(raw, batch.ring, seq, batch.overwritten)
                seq += 1
                if recording.has_findings:
                    event.kin = None
                    event.findings = event.findings + recording.take_findings()
                if held:
                    yield held
                held = event
    except TraceError as error:
        damage = error
    late = recording.take_findings()
    if held:
        if late:
            held.kin, held.findings = None, held.findings + late
        yield held
    if damage:
        raise damage
    if late and not held:
        raise TraceError(f"there is no call in the recording: {late[0].text}")
