# SPDX-License-Identifier: BSD-3-Clause
"""What a call changed in a structure, and what of that is its input."""

import pytest

from acrn_trace.bindings.calls import CallDecoder, Given
from acrn_trace.tables.calls import CallTable, parse
from acrn_trace.tables.layouts import Struct
from helpers.make.knowledge import knowledge_of
from helpers.make.memory import U8, U16, U32, U64, FakeMemory, array, struct, structures

AT, THERE = 0x1000, 0x9000
INNER = struct("inner", ("c", U8), ("d", U8))
PLAIN = struct("it", ("a", U8), ("reserved", U8), ("b", array(INNER, 2)))


def number(value: int, size: int = 1) -> bytes:
    return value.to_bytes(size, "little")


def called(kind: Struct, before, after, direction: str = "in", rules: str = "", others=()):
    """The merged tree and the changes of input, of memory before and after."""
    types = structures(kind, *others, rules=rules).types
    table = CallTable(parse(f"HYPERCALL1(0x5, call, PTR({direction}, {kind.name}, it))", "x"))
    then, now = ({AT: m} if isinstance(m, bytes) else m for m in (before, after))
    calls = CallDecoder(knowledge_of(table, types))
    known = calls.decode(Given(5, (AT,), 0), FakeMemory(then), FakeMemory(now))
    return known["decoded"]["it"], [tuple(change) for change in known["changed"]]


RESERVED = "FIELD(it, reserved, RESERVED)"


def test_what_is_the_same_is_no_change():
    tree, changed = called(PLAIN, b"\1\0\2\3\4\5", b"\1\0\2\3\4\5", rules=RESERVED)
    assert tree == {"a": 1, "b": [{"c": 2, "d": 3}, {"c": 4, "d": 5}]} and changed == []


def test_each_leaf_that_differs_is_one():
    tree, changed = called(PLAIN, b"\1\0\2\3\4\5", b"\7\0\2\3\4\6", rules=RESERVED)
    changes = {"in": 1, "out": 7}, {"in": 5, "out": 6}
    assert tree == {"a": changes[0], "b": [{"c": 2, "d": 3}, {"c": 4, "d": changes[1]}]}
    assert changed == [("a", 1, 7), ("b[1].d", 5, 6)]


@pytest.mark.parametrize("before, after", [(0, 7), (7, 0)])
def test_a_reserved_field_may_come_and_go(before, after):
    tree, _ = called(PLAIN, b"\1%c\2\3\4\5" % before, b"\1%c\2\3\4\5" % after, rules=RESERVED)
    assert tree["reserved"] == {"in": before, "out": after}


LIST = struct("it", ("count", U32), ("pad", U32), ("items", U64))
ITEMS = "FIELD(it, items, ARRAY({}, inner, count))"


def the_list(count: int, address: int, items: bytes) -> dict[int, bytes]:
    return {AT: number(count, 8) + number(address, 8), address: items}


@pytest.mark.parametrize("written, inside", [("in", [("items[0].d", 2, 3)]), ("inout", [])])
def test_the_innermost_pointer_says_who_may_write(written, inside):
    before, after = the_list(1, THERE, b"\1\2"), the_list(1, 2 * THERE, b"\1\3")
    tree, changed = called(LIST, before, after, rules=ITEMS.format(written), others=[INNER])
    assert changed == [("items.address", hex(THERE), hex(2 * THERE)), *inside]
    assert tree["items"] == {
        "address": {"in": hex(THERE), "out": hex(2 * THERE)},
        "points_to": [{"c": 1, "d": {"in": 2, "out": 3}}],
    }


def test_what_goes_both_ways_is_no_input():
    assert called(PLAIN, b"\1\0\2\3\4\5", b"\7\0\2\3\4\5", "inout")[1] == []


def test_lists_of_other_lengths_are_one_change():
    before, after = the_list(1, THERE, b"\1\2\3\4"), the_list(2, THERE, b"\1\2\3\4")
    _, changed = called(LIST, before, after, rules=ITEMS.format("in"), others=[INNER])
    one, two = {"c": 1, "d": 2}, {"c": 3, "d": 4}
    assert changed == [("count", 1, 2), ("items", [one], [one, two])] or changed[1:] == [
        ("items", {"address": hex(THERE), "points_to": [one]}, [one, two])
    ]


def test_another_member_of_a_union_is_one_change():
    body = struct("body", ("pio", U16), ("mmio", U32), union=True)
    kind = struct("it", ("tag", U32), ("reqs", body))
    cases = "CASE(it, reqs, tag, 0, pio)\nCASE(it, reqs, tag, 1, mmio)"
    _, changed = called(kind, number(0, 4) + number(3, 4), number(1, 4) + number(3, 4), rules=cases)
    assert changed == [("tag", 0, 1), ("reqs", {"pio": 3}, {"mmio": 3})]


def test_memory_that_came_or_went_is_one_change():
    rules, here = ITEMS.format("in"), the_list(1, THERE, b"\1\2")
    gone = {AT: here[AT]}
    there = {"address": hex(THERE), "points_to": [{"c": 1, "d": 2}]}
    nothing = {"address": hex(THERE), "unreadable": "no memory there"}
    for before, after, change in ((gone, here, (nothing, there)), (here, gone, (there, nothing))):
        tree, changed = called(LIST, before, after, rules=rules, others=[INNER])
        assert tree["items"] == {"in": change[0], "out": change[1]}
        assert changed == [("items", *change)]
    tree, changed = called(LIST, gone, gone, rules=rules, others=[INNER])
    assert tree["items"] == nothing and changed == []
    tree, changed = called(PLAIN, b"\1\0\2\3\4\5", {}, rules=RESERVED)
    assert tree["out"] == {"address": hex(AT), "unreadable": "no memory there"}
    assert changed == [("", tree["in"], tree["out"])]


def test_memory_that_is_unreadable_for_another_reason_is_a_change_of_that():
    before, after = {}, {AT: b"\1"}
    tree, changed = called(PLAIN, before, after)
    words = "no memory there", f"memory ends at {AT:#x}"
    assert tree == {"address": hex(AT), "unreadable": dict(zip(("in", "out"), words))}
    assert changed == [("unreadable", *words)]


def test_so_many_changes_are_told_and_the_others_counted():
    kind = struct("it", ("b", array(U8, 20)))
    types = structures(kind).types
    table = CallTable(parse("HYPERCALL1(0x5, call, PTR(in, it, it))", "x"))
    memory = FakeMemory({AT: bytes(20)}), FakeMemory({AT: b"\1" * 20})
    known = CallDecoder(knowledge_of(table, types)).decode(Given(5, (AT,), 0), *memory)
    assert len(known["changed"]) == 8 and known["more_changed"] == 12
