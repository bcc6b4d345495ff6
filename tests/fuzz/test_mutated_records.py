# SPDX-License-Identifier: BSD-3-Clause
"""The decoder over hostile records and tables, from records that lead it everywhere."""

import random
import struct
from pathlib import Path

from acrn_trace.tables.knowledge import acrn
from helpers.fuzzing import LONG, fuzzed
from helpers.make.hypercall_record import (
    CAPTURED_IN,
    CAPTURED_OUT,
    DONE,
    INJECTED,
    NOT_POKED_BEYOND,
    POKED,
    UNREADABLE_OUT,
    WAS_READ,
    block,
    done,
    memory,
    record,
    unreadable,
)
from helpers.make.random_values import RandomValues

ENOUGH_MEMORY = b"\xff" * 4 + bytes(12)
ACRNS_TABLE, IS_VERSION_2, IS_RETURNED = b"\x01", b"\x01", 5
ADDRESS = 0x100000


def seeds() -> list[bytes]:
    """A call of each kind with all memory that it may lead to, by the place of it in the table."""
    knowledge = acrn()
    values = RandomValues(random.Random(1), knowledge.types)
    regions = values.structure("vm_memory_region") * 3
    lists = struct.pack("<H6xI4xQ", 1, 3, ADDRESS)
    made = []
    for index, entry in enumerate(knowledge.table):
        names = [argument.type or "" for argument in entry.arguments if argument.kind == "PTR"]
        data = values.structure(names[0]) if names else values.bytes(1300)
        data = lists if entry.name == "set_memory_regions" else data
        addresses = [ADDRESS + 0x1000 if a.is_pointer else 1 for a in entry.arguments]
        blocks = b"".join(
            memory(kind, ADDRESS + 0x1000, data) + memory(kind, ADDRESS, regions)
            for kind in (CAPTURED_IN, CAPTURED_OUT)
        )
        made.append(record(index, *addresses, blocks=blocks, state=IS_RETURNED))
        blocks += unreadable(UNREADABLE_OUT, ADDRESS + 0x2000, 8, "no memory there")
        blocks += block(DONE, done(INJECTED, "skip") + done(POKED, "poke_exit rsi", 1, 2, 64))
        blocks += block(DONE, done(NOT_POKED_BEYOND, "poke_exit vm.vmid", 1))
        made.append(record(index, *addresses, blocks=blocks, state=IS_RETURNED, flags=WAS_READ))
    return [ENOUGH_MEMORY + ACRNS_TABLE + IS_VERSION_2 + raw for raw in made]


def test_the_decoder_takes_any_record_and_any_table_that_is_one(tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    for number, seed in enumerate(seeds()):
        (corpus / str(number)).write_bytes(seed)
    fuzzed(tmp_path, "fuzz-decode", 1_000_000 if LONG else 10_000, 3000, corpus)
