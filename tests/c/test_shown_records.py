# SPDX-License-Identifier: BSD-3-Clause
"""Random records of rings as C decodes and shows them, and as Python does: the same, byte for byte.

Hashes of what is shown stay: they hold what C shows when there is no Python to compare it with.
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
        "json": "06a581c911d5412a9b13619bac07b4f5bba22186ba5020aa1f07c083ccdd8c35",
        "text": "633ea995a70b2acdeebaff8ffa4826615a517200abb1bd491228cef8c7348d36",
        "verbose": "4f2aac8bf2be725990b6535304386056deb3dc65f3b1b444e9193d4d3b7e3e4e",
    },
    "own": {
        "json": "0e26e04da11e09e3b4fa688a2bf0aaff4da3f18d54abd3c29b4a22fecbcb3a74",
        "text": "edede095ad1100c1d8c2097fcebb3a6af0d1b19b9ab793fad238a7ae006c90fe",
        "verbose": "8f293896ac54ea9ceba6a27a93967f442c71a0d10e7f755b54a80149ce6e899f",
    },
    "odd": {
        "json": "b128d36dbcb85430bb6736238717a1d708604c8e1c11a4f9289b23e9b2fb160e",
        "text": "9a01c272472e1d092a6e9b57a3467e8d95204f86d37e4b3d955d59c67e89c046",
        "verbose": "f7c440a0ef7b167fd7fc62c750b74e1a8b48ab8fe44b4ad3de4e92d1c63169eb",
    },
}


def with_own_calls() -> Knowledge:
    """ACRN's calls, and a user's own, of kinds that ACRN's have not."""
    knowledge = acrn()
    for entry in parse(OWN, "own"):
        knowledge.add(entry)
    return knowledge


KNOWLEDGE = {"acrn": acrn, "own": with_own_calls, "odd": odd}


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
        assert in_c.shown(record) == in_python.shown(record), record


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
