# SPDX-License-Identifier: BSD-3-Clause
"""Rings made by hand: the bytes of a guest's RAM, with page tables, for tests of both readers."""

import struct
from dataclasses import dataclass, field

from acrn_trace.rings.format import (
    MAGIC,
    RECORD,
    RETURNED,
    SEQUENCE_SHIFT,
    VERSION,
    WRITING,
    RingHeader,
)

MIB = 1 << 20
PAGE = 4096
VIRTUAL = 0xFFFFFFFF80400000  # of the header
HEADER_AT, RECORDS_AT, TABLES_AT = 0x10000, 0x40000, 0x3F0000  # physical
SITE = VIRTUAL - 0x1000
HZ = 2 * 10**9


@dataclass
class RingMachine:
    """A guest's RAM with rings in it. ``moved`` are pages of records that lie elsewhere."""

    rings: int = 1
    count: int = 16
    size: int = 64
    ram_size: int = 4 * MIB
    mode: int = 0
    khz: int = HZ // 1000
    above: int = 0  # guest-physical address minus offset in the file, for all but page tables
    moved: dict[int, int] = field(default_factory=dict)
    more: dict[str, int] = field(default_factory=dict)  # fields of the header

    def __post_init__(self) -> None:
        self.ram = bytearray(self.ram_size)
        self.claimed = [0] * self.rings
        self.limit = [self.count if self.mode else (1 << 64) - 1] * self.rings
        self._next_table = TABLES_AT + PAGE
        self.records_virtual = VIRTUAL + RECORDS_AT - HEADER_AT
        self._map(VIRTUAL, HEADER_AT + self.above)
        for page in range(self.records_bytes // PAGE + 1):
            physical = self.moved.get(page, RECORDS_AT + page * PAGE) + self.above
            self._map(self.records_virtual + page * PAGE, physical)
        self.write_header()

    @property
    def records_bytes(self) -> int:
        return self.rings * self.count * self.size

    @property
    def header(self) -> RingHeader:
        fields = {
            "magic": MAGIC,
            "version": VERSION,
            "header_size": 128,
            "ring_size": 64,
            "ring_count": self.rings,
            "record_size": self.size,
            "record_count": self.count,
            "mode": self.mode,
            "enabled": 1,
            "mark": self.count // 2,
            "tsc_khz": self.khz,
            "capture_offset": 0,
            "capture_bytes": 0,
            "changed_offset": 0,
            "changed_slots": 0,
            "cr3": TABLES_AT,
            "header_virtual": VIRTUAL,
            "header_physical": HEADER_AT + self.above,
            "records_virtual": self.records_virtual,
            "records_physical": RECORDS_AT + self.above,
        }
        return RingHeader(**{**fields, **self.more})

    def write_header(self) -> None:
        self.ram[HEADER_AT : HEADER_AT + 128] = self.header.pack()
        self.write_counters()

    def write_counters(self) -> None:
        """Each by one store, as a guest does it: readers may be looking."""
        with memoryview(self.ram) as ram, ram.cast("Q") as words:
            for ring in range(self.rings):
                at = (HEADER_AT + 128 + 64 * ring) // 8
                words[at], words[at + 1] = self.claimed[ring], self.limit[ring]

    def offset(self, ring: int, sequence: int) -> int:
        """Where in the RAM's file a record is."""
        place = (ring * self.count + sequence % self.count) * self.size
        page = place // PAGE
        return self.moved.get(page, RECORDS_AT + page * PAGE) + place % PAGE

    def write(self, ring: int, sequence: int, data: bytes) -> None:
        """The record but its word, then its word."""
        at = self.offset(ring, sequence)
        with memoryview(self.ram) as ram, ram.cast("Q") as words:
            words[at // 8] = sequence << SEQUENCE_SHIFT & (1 << 64) - 1 | WRITING
            ram[at + 8 : at + len(data)] = data[8:]
            words[at // 8] = int.from_bytes(data[:8], "little")

    def call(self, ring: int = 0, state: int = RETURNED, **fields) -> int:
        """Claim and write the ring's next record; its sequence number."""
        sequence = self.claimed[ring]
        self.claimed[ring] += 1
        self.write_counters()
        if not self.mode or sequence < self.limit[ring]:
            self.write(ring, sequence, record(sequence, state, **fields))
        return sequence

    def read(self, address: int, size: int) -> bytes:
        """Guest-virtual memory, as a stub reads it."""
        if VIRTUAL <= address < VIRTUAL + PAGE:
            at = address - VIRTUAL + HEADER_AT
            return bytes(self.ram[at : at + size])
        data = b""
        while len(data) < size:
            place = address + len(data) - self.records_virtual
            page, inside = divmod(place, PAGE)
            at = self.moved.get(page, RECORDS_AT + page * PAGE) + inside
            data += bytes(self.ram[at : at + min(PAGE - inside, size - len(data))])
        return data

    def _map(self, virtual: int, physical: int) -> None:
        table = TABLES_AT
        for shift in (39, 30, 21):
            slot = table + (virtual >> shift & 511) * 8
            (entry,) = struct.unpack_from("<Q", self.ram, slot)
            if not entry:
                entry = self._next_table | 3
                self._next_table += PAGE
                struct.pack_into("<Q", self.ram, slot, entry)
            table = entry & ~0xFFF
        struct.pack_into("<Q", self.ram, table + (virtual >> 12 & 511) * 8, physical | 3)


def record(
    sequence: int,
    state: int = RETURNED,
    *,
    entry: int | None = None,
    spent: int = 2000,
    number: int = 0x80000012,
    args: tuple[int, int] = (1, 0),
    result: int = 0,
    site: int = SITE,
    vcpu: int = 0,
    flags: int = 1,
    more: bytes = b"",
) -> bytes:
    """The bytes of one record; times in ticks."""
    entry = 10**9 + sequence * 10_000 if entry is None else entry
    word = (sequence << SEQUENCE_SHIFT | state) & (1 << 64) - 1
    fixed = RECORD.pack(
        word,
        entry,
        entry + spent,
        number,
        *args,
        result & (1 << 64) - 1,
        site & 0xFFFFFFFF,
        vcpu,
        flags,
    )
    return fixed + more
