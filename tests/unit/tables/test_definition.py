# SPDX-License-Identifier: BSD-3-Clause
"""Defining a call: what a line adds, what it replaces, what is wrong with one."""

import pytest

from acrn_trace.base.errors import TraceError
from acrn_trace.tables.fields import FieldTable
from acrn_trace.tables.guest_types import GuestTypes
from acrn_trace.tables.knowledge import acrn
from acrn_trace.tables.layouts import Array, Field, Layouts, Scalar, Struct
from acrn_trace.tables.types import Types
from acrn_trace.trace.filters import Filter
from helpers.make.event import event
from helpers.make.memory import Structures

LINE = "HYPERCALL2(0x800000a0, get_load, VMID(vmid), PTR(out, vm_load, load))"
CHARACTER = Scalar(1, character=True)
LOAD = Struct(
    "vm_load",
    16,
    (
        Field("mode", 0, 32, Scalar(4, enum="mode")),
        Field("delta", 32, 32, Scalar(4, True)),
        Field("name", 64, 64, Array(CHARACTER, 8)),
    ),
)


def test_a_line_makes_a_call_like_any_other():
    known = acrn()
    entry, replaced = known.define(LINE)
    assert (str(entry), replaced) == (LINE, [])
    assert known.table.named("get_load") is known.table.numbered(0x800000A0) is entry
    chosen = Filter(["trace=get_load"], known.table)
    assert chosen.verdict(event(nr=0x800000A0)) and not chosen.verdict(event(nr=0x80000012))


def test_what_it_replaces_is_told_once_each():
    known = acrn()
    known.define(LINE)
    assert [old.name for old in known.define(LINE)[1]] == ["get_load"]
    _, replaced = known.define("HYPERCALL0(0x800000a0, create_vm)")
    assert [old.name for old in replaced] == ["get_load", "create_vm"]
    assert known.table.named("get_load") is None
    assert known.table.numbered(0x80000010) is None


def test_it_outlives_a_change_of_release():
    known = acrn()
    known.define(LINE)
    known.use_release("v3.1")
    assert known.table.named("get_load")


@pytest.mark.parametrize(
    "line, what",
    [
        ("", "not a line NAME.*, where it ends"),
        ("HYPERCALL1(0x12 c)", r"not a line NAME.*, at 'c\)'"),
        ("HYPERCALL1(0x12, c, VMID(v)", "not a line NAME.*, where it ends"),
        ("HYPERCALL0(0x12, c) HYPERCALL0(0x13, d)", r"at 'HYPERCALL0\(0x13, d\)'"),
        ("HYPERCALL1(12, c, VMID(v))", "needs a number in hexadecimal"),
        ("HYPERCALL2(0x12, c, VMID(v))", "not a line HYPERCALLn"),
        ("HYPERCALL1(0x12, c, VALUE(u7, v))", "'u7' is not a type"),
        ("HYPERCALL1(0x12, c, PTR(to, s, v))", "'to' is not a direction"),
        ("HYPERCALL1(0x12, c, POINTER(in, s, v))", "is none of the argument kinds"),
        ("FIELD(a, b, OUT)", "not a line HYPERCALLn"),
        ("HYPERCALL0(0x12, c\x1b[2J)", "not a line NAME"),
    ],
)
def test_a_wrong_line_is_one_sentence_and_changes_nothing(line, what):
    known = acrn()
    before = list(known.table)
    with pytest.raises(TraceError, match=f"^the definition: .*{what}"):
        known.define(line)
    assert list(known.table) == before and known.defined == []


def test_types_that_nobody_has_are_told():
    known = acrn()
    entry, _ = known.define("HYPERCALL2(0x800000a0, c, ENUM(mode, m), PTR(in, vm_load, load))")
    assert known.unknown_types(entry) == ["mode", "vm_load"]
    known.types.guest_types = GuestTypes(
        {"vm_load": LOAD}.get, known.types.fields, print, {"mode": {5: "BUSY"}}.get
    )
    assert known.unknown_types(entry) == []
    entry, _ = known.define("HYPERCALL1(0x800000a1, d, PTR(in, acrn_vm_creation, vm))")
    assert known.unknown_types(entry) == []


def test_a_structure_that_only_the_guest_has_is_decoded():
    fields = FieldTable()
    types = GuestTypes({"vm_load": LOAD}.get, fields, print, {"mode": {5: "BUSY"}}.get)
    known = Types(Layouts(), fields, types)

    class Memory:
        def read(self, address, size):
            return b"\5\0\0\0\xff\xff\xff\xffbusy\0\0\0\0"[:size]

    tree = Structures(known).read("vm_load", 0, Memory())
    assert tree == {"mode": "BUSY", "delta": -1, "name": "busy"}
    assert "name" in known.fields.text_fields
    assert fields == FieldTable() and known.layouts == Layouts()  # the next guest has its own
