# SPDX-License-Identifier: BSD-3-Clause
"""Blocks of trace files, for tests: a header of rings with captures and registers, and records."""

import struct

from acrn_trace.guest.site import Site
from acrn_trace.rings import blocks
from acrn_trace.rings.preamble import preamble
from acrn_trace.tables.calls import CallTable
from acrn_trace.tables.knowledge import acrn
from helpers.make.ring import HZ, SITE, RingMachine, record

ACRN = acrn()
MORE = {"capture_offset": 64, "capture_bytes": 24, "changed_offset": 120, "changed_slots": 4}
WIDE = RingMachine(rings=2, size=192, more=MORE).header
OVERWRITTEN = 1  # a flag of a block of records
PLACE = Site(SITE, None, "/src/a.c", 12, "main")


def rings_block(header=WIDE, hz=HZ):
    return blocks.block(blocks.RINGS, struct.pack("<QII", hz, 1, 0) + header.pack())


def records_block(raw, ring=0, flags=0, number=1):
    return blocks.block(blocks.RECORDS, struct.pack("<IIQ", ring, flags, number) + raw)


def loss_block(count, ring=0, why=1, first=0):
    return blocks.block(blocks.LOSS, struct.pack("<IIQQ", ring, why, first, count))


def end_block(records, lost=0):
    return blocks.block(blocks.END, struct.pack("<QQ", records, lost))


HEAD = preamble(ACRN.table, [PLACE]) + rings_block()
SHORT_HEAD = preamble(CallTable(), []) + rings_block()


def wide(sequence, **fields):
    return record(sequence, **{"more": bytes(128), **fields})
