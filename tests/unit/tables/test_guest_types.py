# SPDX-License-Identifier: BSD-3-Clause
"""The guest's own structures: taken with their names if they are the same, refused if not."""

import pytest

from acrn_trace.tables.fields import FieldTable, Pointee, Roles
from acrn_trace.tables.guest_types import GuestTypes, adopt, fits
from acrn_trace.tables.layouts import Array, Field, Layouts, Scalar, Struct
from acrn_trace.tables.types import Types
from helpers.make.memory import Structures

U32, U64 = Scalar(4), Scalar(8)
REGION = Struct("region", 8, (Field("start", 0, 64, U64),))
OURS = Struct(
    "regions", 16, (Field("count", 0, 32, U32), Field("pad", 32, 32, U32), Field("at", 64, 64, U64))
)
THEIRS = Struct(
    "batch", 16, (Field("num", 0, 32, U32), Field("res", 32, 32, U32), Field("gpa", 64, 64, U64))
)
OLDER = Struct("regions", 12, (Field("num", 0, 32, U32), Field("gpa", 32, 64, U64)))


class Memory:
    def __init__(self, data):
        self.data = data

    def read(self, address, size):
        return self.data[address : address + size]


def types(**guests):
    fields = FieldTable(
        roles={
            ("regions", "pad"): Roles(frozenset({"RESERVED"})),
            ("regions", "at"): Roles(pointee=Pointee("in", "region", "count")),
        },
        aliases={"regions": ("batch",)},
    )
    notices = []
    types = GuestTypes(guests.get, fields, notices.append)
    known = Types(Layouts({"regions": OURS, "region": REGION}), fields, types)
    return known, notices


DATA = Memory(bytes([2, 0, 0, 0, 0, 0, 0, 0, 16, 0, 0, 0, 0, 0, 0, 0]) + bytes(range(16)))


def test_a_structure_of_the_guests_names_its_fields_and_keeps_their_roles():
    known, notices = types(batch=THEIRS)
    tree = Structures(known).read("regions", 0, DATA)
    assert tree == {
        "num": 2,
        "gpa": {
            "address": "0x10",
            "points_to": [{"start": "0x706050403020100"}, {"start": "0xf0e0d0c0b0a0908"}],
        },
    }
    assert notices == []


def test_what_one_guest_calls_a_field_is_not_what_the_next_one_does():
    known, _ = types(batch=THEIRS)
    Structures(known).read("regions", 0, DATA)
    assert known.fields.of("regions", "gpa").pointee
    assert ("regions", "gpa") not in known.own_fields.roles
    known.guest_types = None
    assert set(Structures(known).read("regions", 0, DATA)) == {"count", "at"}


LINUX_REGIONS = Struct(
    "batch",
    16,
    (Field("num", 0, 64, U64), Field("gpa", 64, 64, U64), Field("ops", 128, 0, Scalar(0))),
)
WITHOUT_TAIL = Struct("irq", 4, (Field("type", 0, 32, U32),))
SHIFTED = Struct("batch", 16, (Field("num", 0, 32, U32), Field("gpa", 32, 96, U64)))


@pytest.mark.parametrize("guests", [LINUX_REGIONS, THEIRS])
def test_reserved_fields_may_be_joined_to_others_and_an_array_without_size_follow(guests):
    known, notices = types(batch=guests)
    assert set(Structures(known).read("regions", 0, DATA)) == {"num", "gpa"} and notices == []
    # Of 32 bits: what the hypervisor reads.
    assert Structures(known).read("regions", 0, DATA)["num"] == 2


def test_a_structure_that_ends_before_what_is_reserved_is_the_same():
    fields = FieldTable(roles={("irq", "pad"): Roles(frozenset({"RESERVED"}))})
    ours = Struct("irq", 8, (Field("kind", 0, 32, U32), Field("pad", 32, 32, U32)))
    assert fits(ours, WITHOUT_TAIL, fields)
    assert not fits(ours, WITHOUT_TAIL, FieldTable())
    assert not fits(WITHOUT_TAIL, ours, fields)


def test_a_field_over_the_beginning_of_another_is_refused():
    known, notices = types(batch=SHIFTED)
    assert set(Structures(known).read("regions", 0, DATA)) == {"count", "at"} and len(notices) == 1


def test_names_inside_a_structure_of_structures_are_the_guests_too():
    inner, theirs = Struct("in", 8, (Field("host", 0, 64, U64),)), "service"
    outer = Struct("out", 16, (Field("res", 0, 128, Array(inner, 2)),))
    guests_inner = Struct("", 8, (Field(theirs, 0, 64, U64),))
    guests = Struct("out", 16, (Field("", 0, 128, Array(guests_inner, 2)),))
    fields = FieldTable(roles={("in", "host"): Roles(frozenset({"TEXT"}))})
    assert fields.text_fields == {"host"}
    adopted = adopt(outer, guests, fields)
    assert [field.name for field in adopted.fields] == ["res"]  # theirs has no name
    assert adopted.fields[0].type.element.fields[0].name == theirs
    assert fields.text_fields == {"host", theirs}


def test_an_older_structure_of_the_same_name_is_refused_and_that_is_said_once():
    known, notices = types(regions=OLDER)
    for _ in range(3):
        assert set(Structures(known).read("regions", 0, DATA)) == {"count", "at"}
    assert len(notices) == 1 and "12 bytes" in notices[0] and "16 bytes" in notices[0]


def test_a_guest_without_debug_information_decodes_as_well():
    known, notices = types()
    assert Structures(known).read("regions", 0, DATA)["count"] == 2 and notices == []
