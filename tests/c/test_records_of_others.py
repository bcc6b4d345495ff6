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
        "json": "34534f17fe8c7630c2e8d2714067f1a20ce61787def39e124c186e659823b1b0",
        "text": "0cb14d971837c986878f02686e989c35c91043a9830da8ee6486c34764d2218a",
        "verbose": "ad3c25576acb675f2d5bea35ef30b5ea6279fd2ce49f50ccbb41ce50d3127f1e",
    },
    "xen": {
        "json": "659581fd648b0b39e32202ace0136c09b7faa358bff049c706c3d5e46ba1ca83",
        "text": "b49e84767b273df6a665a4376bf8636b4d3581a3764eddda1f27da55a286bdfd",
        "verbose": "8fce4894512f2989de1ab2a7c91fef41aeda0afd32a3fe78f217323555be7319",
    },
    "hyperv": {
        "json": "5658190a238a554bbc9a3c071c5902b1b55d09a61a11b1fc51596ba4235f618f",
        "text": "68c925662d137f1ec5a2f94431b6bfbe32ac284defc68d24c3b76891a2654ddb",
        "verbose": "25a28ec207ae074210b496382db2975f85c419677698e57002e94ae3ed2da41a",
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
