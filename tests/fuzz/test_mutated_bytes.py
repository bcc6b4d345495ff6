# SPDX-License-Identifier: BSD-3-Clause
"""The readers over mutated rings and trace files: no crash, no hang, no memory without bound.

The C ones by libFuzzer under AddressSanitizer. For the Python ones hypothesis makes what is well
formed, and each of that is then mutated many times, since hypothesis alone makes few a second. What
was read is an event each, or a sentence. A million each with ACRN_CHECK_LONG, else some.
"""

import io
import os
import random
import resource

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acrn_trace.base.errors import TraceError
from acrn_trace.rings import blocks
from acrn_trace.rings.follower import RingFollower
from acrn_trace.rings.format import CALLED, RETURNED, WRITING, NotARing
from acrn_trace.rings.preamble import preamble
from acrn_trace.rings.reader import Rings
from acrn_trace.rings.recording import recorded_events
from acrn_trace.rings.ring_contents import RingContents
from acrn_trace.tables.calls import CallTable
from acrn_trace.tables.knowledge import acrn
from helpers.fuzzing import LONG, fuzzed
from helpers.make.ring import HZ, VIRTUAL, RingMachine, record

ORIGINALS, MUTATIONS = (1000, 1000) if LONG else (20, 50)
ACRN = acrn()
MOST_MEMORY = 256 << 10  # KiB that reading may add to what the tests have
SLOW_RINGS = 1 << 16  # bytes; larger ones are well formed, and slow to read

CALLS = st.fixed_dictionaries(
    {
        "number": st.sampled_from((0x80000010, 0x80000042, 0x80000025, 0x80000012, 0x99)),
        "state": st.sampled_from((RETURNED, RETURNED, CALLED, WRITING)),
        "flags": st.integers(0, 63),
        "result": st.sampled_from((0, -22)),
        "args": st.tuples(st.integers(0, 9), st.sampled_from((0, 0x5000))),
        "more": st.binary(min_size=128, max_size=128),
    }
)
LAYOUTS = st.fixed_dictionaries(
    {
        "capture_offset": st.sampled_from((0, 64)),
        "capture_bytes": st.just(24),
        "changed_offset": st.sampled_from((0, 120)),
        "changed_slots": st.just(4),
    }
)


@st.composite
def machines(draw) -> RingMachine:
    machine = RingMachine(
        rings=draw(st.integers(1, 2)),
        count=draw(st.sampled_from((1, 2, 4))),
        size=192,
        mode=draw(st.integers(0, 1)),
        ram_size=1 << 22,
        more=draw(LAYOUTS),
    )
    for call in draw(st.lists(CALLS, min_size=4, max_size=8)):
        machine.call(draw(st.integers(0, machine.rings - 1)), **call)
    return machine


def mutate(data: bytearray, first: int, randomness: random.Random) -> None:
    """One to five bytes of it, from ``first`` on."""
    for _ in range(randomness.randrange(1, 6)):
        at = randomness.randrange(first, len(data))
        data[at] = randomness.choice((0, 1, 0x7F, 0x80, 0xFF, randomness.randrange(256)))


def most_memory() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


@pytest.fixture(autouse=True)
def memory_is_bounded():
    before = most_memory()
    yield
    assert most_memory() - before < MOST_MEMORY


@settings(max_examples=ORIGINALS)
@given(machines(), st.integers(0, 1 << 32))
def test_mutated_rings(machine: RingMachine, seed: int) -> None:
    header_size = 128 + 64 * machine.rings
    header = machine.read(VIRTUAL, header_size)
    records = machine.read(machine.records_virtual, machine.records_bytes)
    randomness = random.Random(seed)
    for _ in range(MUTATIONS):
        memory = bytearray(header + records)
        mutate(memory, 0 if randomness.random() < 0.3 else header_size, randomness)
        if randomness.random() < 0.3:
            counters = memoryview(memory)[128:header_size]
            counters[randomness.randrange(len(counters))] = randomness.randrange(256)
            counters.release()
        read_rings(bytes(memory), header_size)


def read_rings(memory: bytes, header_size: int) -> None:
    """By all that read rings: what is followed into a file, and the last calls."""

    def read(address: int, size: int) -> bytes:
        at = address - VIRTUAL if address - VIRTUAL in range(header_size) else header_size
        return memory[at : at + size].ljust(size, b"\0")

    try:
        rings = Rings(read, VIRTUAL)
    except NotARing as fault:
        assert str(fault)
        return
    header = rings.header
    if header.ring_count * header.record_count * header.record_size > SLOW_RINGS:
        return
    contents = RingContents(rings, by_time=True)
    assert len(list(contents)) == sum(tally.kept for tally in contents.tallies())
    with open(os.memfd_create("trace"), "w+b") as file:
        file.write(preamble(CallTable(), []))
        file.flush()
        follower = RingFollower(rings, file.fileno(), HZ, 1)
        follower.read()
        records, _ = follower.end()
        file.seek(0)
        if records:
            assert len(list(recorded_events(file, "test", ACRN))) == records


def parts_of(machine: RingMachine, calls: list[dict]) -> list[tuple[int, bytes]]:
    """The blocks of a trace file, payloads alone."""
    preface = preamble(CallTable(), [])
    header_size = int.from_bytes(preface[8:12], "little")
    rings = HZ.to_bytes(8, "little") + bytes(8) + machine.header.pack()
    parts = [(blocks.HEADER, preface[16 : 16 + header_size])]
    parts += [(blocks.SITES, b"0x10\t1\ta\tb\n"), (blocks.RINGS, rings)]
    for number, call in enumerate(calls):
        where = (number % machine.rings).to_bytes(8, "little") + number.to_bytes(8, "little")
        parts.append((blocks.RECORDS, where + record(number, **call)))
    parts.append((blocks.LOSS, bytes(4) + b"\1" + bytes(11) + b"\3" + bytes(7)))
    end = len(calls).to_bytes(8, "little") + (3).to_bytes(8, "little")
    return [*parts, (blocks.END, end)]


@settings(max_examples=ORIGINALS)
@given(machines(), st.lists(CALLS, min_size=1, max_size=4), st.integers(0, 1 << 32))
def test_mutated_files(machine: RingMachine, calls: list[dict], seed: int) -> None:
    """Mutated within blocks, whose checksums are right, and now and then cut off."""
    parts, randomness = parts_of(machine, calls), random.Random(seed)
    assert len(read_file(file_of(parts))[0]) == len(calls)
    for _ in range(MUTATIONS):
        mutated = [(kind, bytearray(payload)) for kind, payload in parts]
        for _ in range(randomness.randrange(1, 4)):
            mutate(randomness.choice(mutated)[1], 0, randomness)
        if randomness.random() < 0.2:
            at = randomness.randrange(len(mutated))
            mutated[at] = (randomness.randrange(9), mutated[at][1])
        data = file_of(mutated)
        if randomness.random() < 0.2:
            data = data[: randomness.randrange(len(data))]
        for event in read_file(data)[0]:
            event.as_json()


def file_of(parts) -> bytes:
    return b"".join(blocks.block(kind, bytes(payload)) for kind, payload in parts)


def read_file(data: bytes):
    """The events, and what is said of damage behind them."""
    events = []
    try:
        for event in recorded_events(io.BytesIO(data), "t", ACRN):
            events.append(event)
    except TraceError as error:
        assert "\n" not in str(error)
        return events, str(error)
    return events, None


@pytest.mark.parametrize("target", ("fuzz-rings", "fuzz-trace"))
def test_mutated_bytes_in_c(folder, target: str) -> None:
    fuzzed(folder, target, runs=1_000_000 if LONG else 10_000, length=1500 if LONG else 400)
