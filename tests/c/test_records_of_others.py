# SPDX-License-Identifier: BSD-3-Clause
"""Random records of KVM's, Xen's and Hyper-V's calls as C decodes and shows them, and as Python
shows the same events: byte for byte. Hashes hold what is shown.
"""

import random
from hashlib import sha256
from typing import Iterator

import pytest

from acrn_trace.guest.abi import abi_named, abis
from acrn_trace.tables.calls import Argument, Entry
from acrn_trace.tables.knowledge import acrn
from acrn_trace.tables.pointees import pointee_of
from helpers.make.hypercall_record import CAPTURED_IN, CAPTURED_OUT, memory, record
from helpers.make.random_values import RandomValues
from helpers.shown_records import FORMS, InC, InPython

KNOWLEDGE = acrn()
RECORDS, MANY = 700, 30_000
RESULTS = (0, 0, 0, 1, 262161, -1, -2, -14, -22, -38, -1000, 2, 5, 3 << 32, 1 << 32 | 5, 1 << 63)
# Of the first RECORDS of a seed, in each form.
SHOWN = {
    "kvm": {
        "json": "0bee8f1bbc3390a8cd07a2490712f8fdd6dc1700f42e004df0c10fbf610aa143",
        "text": "1e8dadecc48c27c6650c967358b61e4aaa6f468d3da078d52f9d0f49f77ef32c",
        "verbose": "15c73ad1298b667feab2913b651e5c976a9d084d7ff24bf1f55f448a985d7fe1",
    },
    "xen": {
        "json": "bda689c710333fc91fe5cb5918f771b2388f73a8f7ae39f2afc8f0cb081e9904",
        "text": "8732073b751afa842ae6015085816cb9938718103b7b6513c01230eedbd516e1",
        "verbose": "ea4e796cc1c8d8f0ca56e528513093baf70804aff07d8e7e93e7a50d0a9b71ce",
    },
    "hyperv": {
        "json": "c3c1a4e1b4015c30379c5267af215aaed8eb4a3609a8de57e95b90890f9a956d",
        "text": "82040d78d053681286bd8deace95c83950638dfa56f2124c2256cc0818af49a0",
        "verbose": "e68ab7fe09a3ce39fffd072ff07a91bd06537939b1dc6aa19bb582416f7f64d8",
    },
}


class Records:
    """Of the calls that one hypervisor's table has, and now and then of numbers that it has not."""

    def __init__(self, abi: str, seed: int) -> None:
        self._abi, self._source = abi_named(abi), random.Random(seed)
        self._values = RandomValues(self._source, KNOWLEDGE.types)
        self._entries = [entry for entry in KNOWLEDGE.table if entry.abi == abi]
        self._index = list(abis()).index(abi)

    def __iter__(self) -> Iterator[bytes]:
        while True:
            entry = self._source.choice(self._entries)
            arguments = [self._argument(one) for one in entry.arguments]
            more = [self._values.number(64) for _ in self._abi.arguments]
            args = (arguments + more)[: len(self._abi.arguments)]
            known = entry.number if self._values.chance(0.95) else self._values.number(16)
            blocks = b"".join(self._memory(entry, args))
            result = self._source.choice(RESULTS)
            yield record(known, *args, abi=self._index, blocks=blocks, result=result)

    def _argument(self, argument: Argument) -> int:
        if argument.kind == "ENUM" and self._values.chance(0.9):
            return self._source.choice([*KNOWLEDGE.types.enum_named(argument.type or ""), 99])
        if argument.kind == "PACKED":
            return int.from_bytes(self._values.structure(argument.type or "")[:8], "little")
        if argument.is_pointer:
            return 0x100000 + self._source.randrange(0, 1 << 20, 8)
        return self._source.randrange(4) if argument.bits == 32 else self._values.number(64)

    def _memory(self, entry: Entry, args: list[int]) -> Iterator[bytes]:
        """As it was captured where addresses lead: right, mostly."""
        for argument, address in zip(entry.arguments, args):
            pointee = pointee_of(KNOWLEDGE.types, entry, argument, args)
            if pointee is None or self._values.chance(0.1):
                continue
            count = self._source.randrange(1, 4) if pointee.count else 1
            data = b"".join(self._values.structure(pointee.type) for _ in range(count))
            for kind in (CAPTURED_IN, CAPTURED_OUT):
                yield memory(kind, address, data)
                data = self._values.changed(data)


OTHERS = list(abis())[1:]


def records(abi: str, seed: int, count: int) -> Iterator[bytes]:
    return (raw for raw, _ in zip(Records(abi, seed), range(count)))


def assert_same(abi: str, seed: int, count: int) -> None:
    in_c, in_python = InC(KNOWLEDGE), InPython(KNOWLEDGE)
    for raw in records(abi, seed, count):
        shown = [in_c.shown_as(form, raw) for form in FORMS]
        assert all(shown) and shown == in_python.shown(shown[0]), raw.hex()


@pytest.mark.parametrize("abi", OTHERS)
def test_c_shows_what_python_shows(abi: str) -> None:
    assert_same(abi, 1, RECORDS)


@pytest.mark.long
@pytest.mark.parametrize("abi", OTHERS)
def test_c_shows_what_python_shows_of_many(abi: str) -> None:
    assert_same(abi, 2, MANY)


@pytest.mark.parametrize("abi", OTHERS)
def test_what_c_shows_stays(abi: str) -> None:
    in_c, hashes = InC(KNOWLEDGE), {form: sha256() for form in FORMS}
    for raw in records(abi, 1, RECORDS):
        for form in FORMS:
            hashes[form].update(in_c.shown_as(form, raw).encode())
    assert {form: made.hexdigest() for form, made in hashes.items()} == SHOWN[abi]
