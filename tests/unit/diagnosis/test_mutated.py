# SPDX-License-Identifier: BSD-3-Clause
"""Whatever a guest left behind, it is a page."""

import json
import os
import random

from acrn_trace.diagnosis.report import as_json, page
from acrn_trace.rings.format import CALLED, RETURNED
from helpers.make.diagnosis import (
    CAPTURING,
    CODE,
    CREATE_VM,
    SET_IOREQ_BUFFER,
    STACKS,
    STACKS_AT,
    START_VM,
    TOP,
    VMCALL,
    Guest,
    captured,
    creation,
)
from helpers.make.ring import HEADER_AT, RECORDS_AT, SITE, TABLES_AT

LONG = os.environ.get("ACRN_CHECK_LONG") == "1"
INTERESTING = (0, 1, 0xFFFF, (1 << 63) - 1, (1 << 64) - 1, STACKS, CODE, SITE, TOP)


def mutated(seed: int) -> Guest:
    """A guest that died in a call, with words of its memory and registers set to anything."""
    rng = random.Random(seed)
    guest = Guest(rings=2, **CAPTURING)
    for ring in (0, 1):
        for state in (RETURNED, CALLED):
            flags = rng.randrange(64)
            more = captured(creation(b"vm1"))
            number = rng.choice((CREATE_VM, START_VM, SET_IOREQ_BUFFER, 0x80000090))
            guest.machine.call(ring, state, number=number, vcpu=ring, flags=flags, more=more)
    guest.halted(guest.exception(guest.code(0x100, VMCALL), TOP - 64))
    guest.vcpu(0x1000, 0x2000, inside=bool(seed % 2))
    places = ((0, 0x40), (HEADER_AT, 0x100), (RECORDS_AT, 0x1000), (TABLES_AT, 0x5000))
    for _ in range(rng.choice((1, 5, 50))):
        start, size = rng.choice((*places, (STACKS_AT, 0x2000)))
        at = start + rng.randrange(size) & ~7
        word = rng.choice((*INTERESTING, rng.getrandbits(64), rng.randrange(1 << 22) | 0x83))
        guest.machine.ram[at : at + 8] = word.to_bytes(8, "little")
    for vcpu in guest.vcpus:
        for name in list(vcpu.registers):
            if rng.random() < 0.05:
                vcpu.registers[name] = rng.choice((*INTERESTING, rng.getrandbits(64)))
            elif rng.random() < 0.02:
                del vcpu.registers[name]
    return guest


def test_whatever_a_guest_left_there_is_a_page():
    for seed in range(20_000 if LONG else 300):
        said = mutated(seed).diagnosis()
        assert all(line.isprintable() for line in page(said)), seed
        json.dumps(as_json(said))
