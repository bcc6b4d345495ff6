# SPDX-License-Identifier: BSD-3-Clause
"""Dumps that are not what they should be: a real one, mutated. No traceback, and not for long."""

import argparse
import os
import random
import resource
import struct
import time

import pytest

from acrn_trace.at_rest.corefile import open_core
from acrn_trace.at_rest.postmortem import examine
from acrn_trace.at_rest.ring_listing import RingListing
from acrn_trace.base.errors import TraceError
from acrn_trace.cli.at_rest import sites_of
from acrn_trace.diagnosis.case import Case
from acrn_trace.diagnosis.report import report
from acrn_trace.image.image import open_image
from acrn_trace.tables.knowledge import acrn
from helpers.crash.dead import dead
from helpers.guests import image_of
from helpers.make.dump import DumpBuilder, Load

LONG = os.environ.get("ACRN_CHECK_LONG") == "1"
COUNT = 100_000 if LONG else 250
PAGE = 4096
SLOWEST = 20.0  # seconds for one dump: a bound on the work, not a speed
MOST_MEMORY = 600 << 10  # KiB, of a process that made all of them and did nothing else before

# What a field is set to: the ends of its range, and numbers that lead elsewhere.
WORDS = (0, 1, 7, PAGE, 1 << 20, 1 << 31, 1 << 32, 1 << 52, (1 << 63) - 1, 1 << 63, (1 << 64) - 1)


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """The dump of a guest with a call in flight, of which only the pages in use are kept."""
    folder = tmp_path_factory.mktemp("small")
    with dead("structure-overwritten", "crash", folder) as guest:
        core = open_core(str(guest.dump(folder / "dump", paging=False)))
    pages = [(at, core.physical.read(at, PAGE)) for at in range(0x400000, 0x440000, PAGE)]
    pages += [(at, core.physical.read(at, PAGE)) for at in range(0x2000000, 0x2004000, PAGE)]
    loads, data = [], b""
    for at, page in pages:
        if any(page):
            loads.append(Load(at, PAGE, len(data)))
            data += page
    return DumpBuilder([vcpu.registers for vcpu in core.vcpus], loads, data)


def test_what_is_mutated_is_diagnosed_right_before(small, folder):
    path = folder / "dump"
    path.write_bytes(small.build())
    text = examined(path, open_image(str(image_of("crash"))))
    assert "The structure of create_vm" in text and "now: vm={name=" in text


def test_mutated_dumps(small, folder):
    """A slice of it but with ACRN_CHECK_LONG. The image is right, another, or none."""
    randomness = random.Random(6)
    whole, path = small.build(), folder / "dump"
    images = [open_image(str(image_of(name))) for name in ("crash", "hello")] + [None]
    ends: dict[str, int] = {}
    before = most_memory()
    for number in range(COUNT):
        path.write_bytes(mutated(whole, small, randomness))
        begin = time.process_time()
        try:
            text = examined(path, images[number % 3])
            end = "diagnosed" if text.strip() else "silent"
        except TraceError as error:
            assert str(error) and "\n" not in str(error)
            end = "refused"
        ends[end] = ends.get(end, 0) + 1
        assert time.process_time() - begin < SLOWEST, number
    assert most_memory() <= max(before, MOST_MEMORY)
    assert ends["diagnosed"] > COUNT / 2 and "silent" not in ends, ends


def most_memory():
    """The most that this process ever had, in KiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def examined(path, image):
    """All that the commands print of a dump."""
    core = open_core(str(path))
    try:
        found = examine(core, image)
        sites = sites_of(image, 0) if image else {}
        options = argparse.Namespace(json=False, count=None)
        printed = [*found.notes, *report(Case(found, KNOWN, sites), options.json)]
        text = TextBuffer(printed)
        try:
            RingListing(found, KNOWN, sites).show(options, text)
        except TraceError as error:
            assert "\n" not in str(error)
        return "\n".join(text.lines)
    finally:
        core.physical.close()


KNOWN = acrn()


class TextBuffer:
    """A stream that keeps what is written."""

    def __init__(self, lines):
        self.lines = lines

    def write(self, text):
        self.lines.append(text)

    def flush(self):
        pass


def mutated(whole, builder, randomness):
    """The dump with a few bytes, words or fields changed where it hurts, cut short or both."""
    data = bytearray(whole)
    for _ in range(randomness.choice((1, 1, 2, 4, 32))):
        at = place(whole, builder, randomness)
        how = randomness.random()
        if how < 0.5:
            word = randomness.choice(WORDS) + randomness.randrange(-8, 9) & (1 << 64) - 1
            struct.pack_into("<Q", data, min(at & ~7, len(data) - 8), word)
        elif how < 0.8:
            data[at] ^= 1 << randomness.randrange(8)
        else:
            source = place(whole, builder, randomness)
            size = min(randomness.choice((8, 56, 64, 512)), len(data) - max(at, source))
            data[at : at + size] = data[source : source + size]
    if randomness.random() < 0.2:
        del data[randomness.randrange(len(data)) :]
    return bytes(data)


def place(whole, builder, randomness):
    """An offset: in the headers, the notes, page tables, the ring, its records, anywhere."""
    headers = builder.data_offset
    notes = headers - len(builder.notes())
    kind = randomness.random()
    if kind < 0.15:
        return randomness.randrange(64)
    if kind < 0.4:
        return randomness.randrange(notes)
    if kind < 0.55:
        return randomness.randrange(notes, headers)
    ring = whole.find(b"ACRNRING")
    if kind < 0.75:
        return ring + randomness.randrange(256)
    if kind < 0.9:  # an entry in use of a page table, or whatever else is not 0 in these pages
        for _ in range(64):
            at = randomness.randrange(headers, min(headers + 8 * PAGE, len(whole)))
            if whole[at]:
                return at
    return randomness.randrange(headers, len(whole))
