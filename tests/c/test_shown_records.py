# SPDX-License-Identifier: BSD-3-Clause
"""Random records of rings as C decodes and shows them, and as Python shows the same events: byte
for byte. Hashes hold what is shown.
"""

from hashlib import sha256
from itertools import islice
from typing import Iterator

import pytest

from acrn_trace.tables.calls import parse
from acrn_trace.tables.knowledge import Knowledge, acrn
from helpers.make.odd_types import odd
from helpers.make.random_records import OWN, RandomRecords
from helpers.make.ring import HZ
from helpers.shown_records import FORMS, InC, InPython, Record

RECORDS, MANY = 700, 50_000
RATES = (HZ, HZ, 10**7, 10**11, 2_999_999_999)

# Of the first RECORDS of a seed, in each form.
SHOWN = {
    "acrn": {
        "json": "6c5e3da8c9a918315e9b9632649d36404aab63b71f0ed9a75e6a99c6a99b29b5",
        "text": "fe2eae0919ca2d18aed7dc21027c899901e6f3a5fadc9489d1a6d1270cbb5264",
        "verbose": "755447f291a61ef91a64de08b5647c5d0aa3516433bb2274f98ebbebb63f32f0",
    },
    "v1.6": {
        "json": "61392595f9f3ba7c35af18f6bb5420d1944ed0796e24b0326884fab078f4e267",
        "text": "81798a83a39f09dbd3db73c45961babae62eca039139338fbbe41622b4a93e8c",
        "verbose": "913d9b29eae0808550cb6dbb92ea21b9f14bf60dab44e20a16aff26c54c3dbc7",
    },
    "own": {
        "json": "ae4b4a41fb6ec30b05e34a1ea0f13f0c78480a8c0c375afe9f81361325284a8b",
        "text": "7143711792e564b206214ffa4547e1d7a8a769d38a290e62dea0920721feaf46",
        "verbose": "d3281a8e68d684aa007e3676826a1a27eca52e2e1f0b5720619ba7b76a735384",
    },
    "odd": {
        "json": "a70cb9b6770c37e13f87077effb61a563b056336e975830768295ab73f42dac9",
        "text": "d9c1b06e4d31cc4ef93254d1de9a6b0e7aaf4c9f681e781fd5df56bb9a95f429",
        "verbose": "35e2ad6c485e174125b16866c34d0da8de9bab1619affca8433f97bae2ad3790",
    },
}


def with_own_calls() -> Knowledge:
    """ACRN's calls, and a user's own, of kinds that ACRN's have not."""
    knowledge = acrn()
    for entry in parse(OWN, "own"):
        knowledge.add(entry)
    return knowledge


def of_another_release() -> Knowledge:
    """One whose structures are laid out otherwise."""
    return acrn("v1.6")


KNOWLEDGE = {"acrn": acrn, "own": with_own_calls, "odd": odd, "v1.6": of_another_release}


def records_of(seed: int, knowledge: Knowledge) -> Iterator[Record]:
    source = RandomRecords(seed, knowledge)
    sites = {site.address: site for site in source.sites()}
    for seq, (header, raw, ring, overwritten) in enumerate(source.records(MANY)):
        address = header.site(int.from_bytes(raw[56:60], "little"))
        hz = RATES[seq % len(RATES)]
        yield Record(header, raw, ring, overwritten, seq, sites.get(address), hz)


def assert_same(seed: int, knowledge: Knowledge, count: int) -> None:
    in_c, in_python = InC(knowledge), InPython(knowledge)
    for record in islice(records_of(seed, knowledge), count):
        shown = in_c.shown(record)
        assert shown == in_python.shown(shown[0]), record


@pytest.mark.parametrize("calls", KNOWLEDGE)
def test_c_shows_what_python_shows(calls: str) -> None:
    assert_same(1, KNOWLEDGE[calls](), RECORDS)


@pytest.mark.long
@pytest.mark.parametrize("calls", KNOWLEDGE)
def test_c_shows_what_python_shows_of_many(calls: str) -> None:
    assert_same(2, KNOWLEDGE[calls](), MANY)


@pytest.mark.parametrize("calls", KNOWLEDGE)
def test_what_c_shows_stays(calls: str) -> None:
    knowledge = KNOWLEDGE[calls]()
    in_c, hashes = InC(knowledge), {form: sha256() for form in FORMS}
    for record in islice(records_of(1, knowledge), RECORDS):
        for form, text in zip(FORMS, in_c.shown(record)):
            hashes[form].update(text.encode())
    assert {form: made.hexdigest() for form, made in hashes.items()} == SHOWN[calls]
