# SPDX-License-Identifier: BSD-3-Clause
"""Makes records of rings, and recordings of them, from a seed: whatever a guest may write, for all
that reads and shows calls, in C and in Python. One seed, one result, on every machine.

    source = RandomRecords(seed)
    header = source.header()                   # how one ring's records are laid out
    raw = source.record(header, sequence=7)    # as in the ring, header.record_size bytes
    data = source.recording(calls=300)         # a trace file of them (docs/trace-file.md)
    data = source.damaged(data)                # the same after a disk, or an attacker, had it
"""

import random
import struct
import zlib
from typing import Iterator

from acrn_trace.guest.site import Site
from acrn_trace.rings import blocks
from acrn_trace.rings.format import (
    CALLED,
    RECORD,
    RETURNED,
    RETURNING,
    SEQUENCE_SHIFT,
    UNKNOWN_VCPU,
    WRITING,
    RingHeader,
)
from acrn_trace.rings.preamble import preamble
from acrn_trace.guest.abi import main_abi
from acrn_trace.tables.calls import CallTable, Entry, parse
from acrn_trace.tables.knowledge import Knowledge, acrn
from helpers.make.blocks import OVERWRITTEN, end_block, loss_block, records_block, rings_block
from helpers.make.random_values import RandomValues
from helpers.make.ring import HZ, VIRTUAL, RingMachine

ACRN = acrn()

# Calls of a user's own: what ACRN's have not, or have in structures alone.
OWN = """
HYPERCALL2(0x800000a0, own_list, PTR(inout, profiling_vm_info_list, list), VALUE(u8, name))
HYPERCALL2(0x800000a1, own_groups, VALUE(u32, vmid), PTR(in, profiling_pmi_config, groups))
HYPERCALL1(0x800000a2, own_request, PTR(inout, acrn_io_request, request))
HYPERCALL2(0x800000a3, own_packed, PACKED(set_regions, args), PACKED(trusty_boot_param, boot))
HYPERCALL2(0x800000a4, own_enum, ENUM(acrn_vm_flags, flags), ENUM(no_such_enum, other))
HYPERCALL2(0x800000a5, own_types, PTR(out, no_such_struct, none), PTR(in, u32, number))
HYPERCALL2(0x800000a6, own_older, PTR(in, trusty_boot_param_88, boot), PTR(in, wp_data, second))
HYPERCALL2(0x1234567890abcdef, own_far, PTR(out, shared_buf, buffer), PASS(rsi))
HYPERCALL2(0x80000010, own_create_vm, PTR(in, acrn_vm_creation, vm), ADDR(inout, where))
HYPERCALL0(0x800000a7, own_nothing)
"""

# Room for a capture, and for registers that changed: none, less than there is to keep, all.
CAPTURES = (0, 1, 8, 23, 24, 56, 96, 400)
SLOTS = (0, 1, 4, 17)
RESULTS = (
    *(0, 0, 0, 0, 1, 5, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 1 << 63),
    *(-1, -1, -2, -5, -16, -22, -22, -25, -25, -38, -110, -4096, -(1 << 31), -(1 << 31) - 1),
)
RF = 1 << 16  # of RFLAGS, which the debugger changes


class RandomRecords:
    """Of the calls of ``knowledge``, and of numbers that none has."""

    def __init__(self, seed: int, knowledge: Knowledge = ACRN) -> None:
        self._source = random.Random(seed)
        self._types = knowledge.types
        self._values = RandomValues(self._source, knowledge.types)
        self._use(knowledge.table)

    def _use(self, table: CallTable) -> None:
        self._table = table
        self._entries = [entry for entry in table if entry.abi == main_abi().name]

    def header(self) -> RingHeader:
        """Of one to three rings; one that readers take."""
        one_of = self._source.choice
        capture, slots = one_of(CAPTURES), one_of(SLOTS)
        changed_at = RECORD.size + self._source.randrange(3) * 8
        capture_at = changed_at + 8 + 16 * slots if slots else changed_at
        if capture and self._source.random() < 0.05:
            capture_at = changed_at  # a guest may say what it likes
        end = max(capture_at + 8 + 2 * capture, changed_at + 8 + 16 * slots)
        more = {
            "capture_offset": capture_at * bool(capture),
            "capture_bytes": capture,
            "changed_offset": changed_at * bool(slots),
            "changed_slots": slots,
        }
        size = -(-end // 64) * 64 + 64 * self._source.randrange(2)
        return RingMachine(self._source.randrange(1, 4), 16, size, more=more).header

    def record(self, header: RingHeader, sequence: int = 0, time: int | None = None) -> bytes:
        """A record; ``time`` is that of its call, in ticks."""
        one_of, chance = self._source.choice, self._values.chance
        number = self._number()
        entry = self._table.numbered(number)
        made = self._source.getrandbits(64) if chance(0.02) else 10**9 + sequence * 977
        made = made if time is None else time
        back = made + self._source.randrange(10**7) - 10 * chance(0.05)
        if chance(0.02):
            back = self._source.getrandbits(64)
        state = one_of((RETURNED,) * 12 + (CALLED, CALLED, RETURNING, WRITING, 0, 7))
        fixed = RECORD.pack(
            (sequence << SEQUENCE_SHIFT | state) & (1 << 64) - 1,
            *(made, back & (1 << 64) - 1, number),
            *(self._argument(entry, index) for index in range(2)),
            one_of(RESULTS) & (1 << 64) - 1 if chance(0.95) else self._source.getrandbits(64),
            *(self._site() & 0xFFFFFFFF, one_of((0, 0, 1, 2, 63, 0xFFFE, UNKNOWN_VCPU))),
            self._flags(entry),
        )
        raw = bytearray(fixed.ljust(header.record_size, b"\0"))
        if chance(0.05):
            raw[RECORD.size :] = self._values.bytes(header.record_size - RECORD.size)
        if header.changed_offset:
            self._write_changed(raw, header)
        if header.capture_offset:
            self._write_capture(raw, header, entry)
        return bytes(raw)

    def records(self, count: int) -> Iterator[tuple[RingHeader, bytes, int, bool]]:
        """Header, record, ring, and whether it was overwritten before its call returned."""
        header = self.header()
        for sequence in range(count):
            if self._values.chance(0.02):
                header = self.header()
            ring = self._source.randrange(header.ring_count)
            yield header, self.record(header, sequence), ring, self._values.chance(0.1)

    def _number(self) -> int:
        pick = self._source.random()
        if pick < 0.9:
            return self._source.choice(self._entries).number
        if pick < 0.95:
            return 0x80000000 | self._source.randrange(256)
        near = self._source.choice((0, 0x12, 0x99, 0x80000100, 0x1_80000010, 0xFFFFFFFF_80000012))
        return near if pick < 0.98 else self._source.getrandbits(64)

    def _argument(self, entry: Entry | None, index: int) -> int:
        """What a register may well have for that argument."""
        address = 0x100000 + self._source.randrange(0, 1 << 20, 8) + self._values.number(2)
        argument = entry.arguments[index] if entry and index < len(entry.arguments) else None
        if self._values.chance(0.1) or argument is None:
            return self._values.number(64)
        if argument.is_pointer:
            return address if self._values.chance(0.9) else 0
        if argument.kind == "ENUM":
            names = self._types.enum_named(argument.type or "")
            return self._source.choice([*names, 99, 1 << 40])
        if argument.kind == "PACKED":
            return int.from_bytes(self._values.structure(argument.type or "")[:8], "little")
        return self._values.number(argument.bits)

    def _flags(self, entry: Entry | None) -> int:
        """As a guest writes them, mostly; any 16 bits at times."""
        if self._values.chance(0.1):
            return self._source.getrandbits(16)
        given = len(entry.arguments) if entry else self._source.randrange(4)
        captured = self._source.choice((0, 0x10, 0x20, 0x30, 0x30, 0x30))
        return given | captured | 8 * self._values.chance(0.2) | 4 * self._values.chance(0.05)

    def _site(self) -> int:
        return VIRTUAL - 0x1000 + self._source.randrange(8) * 16

    def _write_changed(self, raw: bytearray, header: RingHeader) -> None:
        mask = 0
        for _ in range(self._source.randrange(4)):
            mask |= 1 << self._source.randrange(19)
        at = header.changed_offset
        struct.pack_into("<II", raw, at, mask, 0)
        for slot in range(header.changed_slots):
            before = self._values.number(64)
            after = before ^ (RF if self._values.chance(0.3) else self._values.number(64))
            struct.pack_into("<QQ", raw, at + 8 + 16 * slot, before, after)

    def _write_capture(self, raw: bytearray, header: RingHeader, entry: Entry | None) -> None:
        room, at = header.capture_bytes, header.capture_offset
        before = self._captured(entry)
        after = self._values.changed(before)
        sizes = [self._captured_size(len(data), room) for data in (before, after)]
        struct.pack_into("<HHI", raw, at, *sizes, 0)
        for data in (before, after):
            data = data[:room]
            raw[at + 8 : at + 8 + len(data)] = data
            at += room

    def _captured(self, entry: Entry | None) -> bytes:
        arguments = entry.arguments if entry else ()
        first = next((one for one in arguments if one.kind == "PTR"), None)
        return self._values.structure(first.type or "") if first else self._values.bytes(32)

    def _captured_size(self, whole: int, room: int) -> int:
        """What a guest captured: all, or what there is room for; less, or more, if it is odd."""
        right = min(whole, room)
        if self._values.chance(0.85):
            return right
        return self._source.choice((0, 1, right // 2, max(right - 1, 0), room, room + 1, 0xFFFF))

    def recording(self, calls: int = 200) -> bytes:
        """A trace file: rings in passes, losses, calls in flight, an own table, sites; a guest
        that begins anew; an end, or none."""
        parts, header, records, number = [self._preamble()], None, 0, 0
        while records < calls:
            if header is None or self._values.chance(0.1):
                header = self.header()
                parts.append(self._rings(header))
            for count, block in self._pass(header, number, records):
                records += count
                parts.append(block)
            parts += self._losses(header)
            number += self._values.chance(0.9)
        if self._values.chance(0.8):
            parts.append(end_block(records))
        return b"".join(parts)

    def damaged(self, data: bytes) -> bytes:
        """A recording that ends too early, or has a byte that is another."""
        at = self._source.randrange(len(data))
        if self._values.chance(0.5):
            return data[:at]
        return data[:at] + bytes([data[at] ^ 1 << self._source.randrange(8)]) + data[at + 1 :]

    def _preamble(self) -> bytes:
        """As if it was recorded at a time that is always the same."""
        table = self._table
        if self._values.chance(0.4):
            table = CallTable(table)
            for entry in parse(OWN, "own"):
                table.add(entry)
            self._use(table)
        elif self._values.chance(0.1):
            table = CallTable()
        head = blocks.HEADER_START.pack(blocks.VERSION, 16, zlib.crc32(table.text), 1_700_000_000)
        header = blocks.block(blocks.HEADER, head + blocks.LAYOUT)
        return header + preamble(table, self.sites())[len(header) :]

    def sites(self) -> list[Site]:
        known = (
            Site(VIRTUAL - 0x1000, None, "/src/a.c", 12, "main"),
            Site(VIRTUAL - 0x0FF0, None, None, None, "no_line"),
            Site(VIRTUAL - 0x0FE0, None, "/src/\u00fcber\u202e.c", 1, None),
            Site(VIRTUAL - 0x0FD0, None, "b\x1b[1m.c", 1 << 40, "f\u2028unction"),
            Site(VIRTUAL - 0x0FC0, None, "only_file.c", None, None),
        )
        return [site for site in known if self._values.chance(0.8)]

    def _rings(self, header: RingHeader) -> bytes:
        hz = self._source.choice((HZ, HZ, 10**7, 10**11, 2_999_999_999, 0))
        return rings_block(header, hz)

    def _pass(self, header: RingHeader, number: int, first: int) -> list[tuple[int, bytes]]:
        """Blocks of records read at the same time, each with how many it has."""
        made = []
        for ring in range(header.ring_count):
            for _ in range(self._source.randrange(1, 3)):
                count = self._source.randrange(1, 12)
                flags = OVERWRITTEN * self._values.chance(0.1) | 2 * self._values.chance(0.1)
                records = self._batch(header, first, count)
                made.append((count, records_block(records, ring, flags, number)))
        return made

    def _batch(self, header: RingHeader, first: int, count: int) -> bytes:
        """Records in the order of their times, mostly."""
        records = b""
        for sequence in range(first, first + count):
            time = 10**9 + sequence * 1000 + self._source.randrange(900)
            if self._values.chance(0.03):
                time = self._values.number(64)
            records += self.record(header, sequence, time)
        return records

    def _losses(self, header: RingHeader) -> Iterator[bytes]:
        """Of one ring, at times; and what no reader knows."""
        while self._values.chance(0.15):
            ring, why = self._source.randrange(header.ring_count), self._source.randrange(1, 5)
            first, count = self._values.number(40), self._source.randrange(1, 1 << 20)
            yield loss_block(count, ring, why, first)
        if self._values.chance(0.05):
            yield blocks.block(99, self._values.text(20))
