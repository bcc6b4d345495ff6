# SPDX-License-Identifier: BSD-3-Clause
"""Structures in guest memory as trees, whatever the guest put there."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acrn_trace.bindings.calls import CallDecoder, Given
from acrn_trace.guest.memory import Unreadable
from acrn_trace.tables.calls import Argument, CallTable, Entry
from acrn_trace.tables.knowledge import acrn
from acrn_trace.tables.layouts import Array, Field, Scalar, Struct
from acrn_trace.trace.trees import MAX_DEPTH, MAX_ELEMENTS
from helpers.make.knowledge import knowledge_of
from helpers.make.memory import U16, U32, U64, U8, FakeMemory, Structures, struct, structures

MAX_BYTES = 1 << 18  # VALUE_BYTES
COLOURS = {0: "NONE", 1: "RED", 2: "GREEN", 4: "BLUE"}
COLOUR = Scalar(4, enum="colour")


def tree_of(kind: Struct, data: bytes, rules: str = "", memory=None, **more):
    known = structures(kind, *more.get("others", ()), rules=rules, enums={"colour": COLOURS})
    return known.value(kind.name, data, memory)


# ---- leaves ----


def test_numbers_by_their_size():
    kind = struct("s", ("a", U8), ("b", U16), ("c", U32), ("d", U64))
    data = b"\x81" + b"\x82\x83" + b"\x84\x85\x86\x87" + b"\x88\x89\x8a\x8b\x8c\x8d\x8e\x8f"
    assert tree_of(kind, data) == {
        **{"a": 0x81, "b": 0x8382, "c": 0x87868584},
        "d": "0x8f8e8d8c8b8a8988",
    }


def test_signed_numbers():
    kind = struct("s", ("a", Scalar(1, signed=True)), ("b", Scalar(4, signed=True)))
    assert tree_of(kind, b"\xff" + b"\x00\x00\x00\x80") == {"a": -1, "b": -(1 << 31)}
    assert tree_of(kind, b"\x7f" + b"\xff\xff\xff\x7f") == {"a": 127, "b": (1 << 31) - 1}


def test_padding_between_fields_is_skipped():
    kind = Struct("s", 12, (Field("a", 0, 8, U8), Field("b", 64, 32, U32)))
    assert tree_of(kind, b"\x01" + b"\xee" * 7 + b"\x02\0\0\0") == {"a": 1, "b": 2}


def test_bit_fields_end_where_they_end():
    fields = (
        Field("low", 0, 3, U8),
        Field("across", 3, 11, U16),
        Field("one", 14, 1, U8),
        Field("signed", 15, 4, Scalar(4, signed=True)),
        Field("named", 19, 3, COLOUR),
        Field("wide", 22, 42, U64),
    )
    values = {"low": 5, "across": 0x5A5, "one": 1, "signed": 0b1001, "named": 4, "wide": 1 << 41}
    whole = sum(values[f.name] << f.bit_offset for f in fields)
    assert tree_of(Struct("s", 8, fields), whole.to_bytes(8, "little")) == {
        **values,
        "signed": -7,
        "named": "BLUE",
    }


def test_hexadecimal_where_it_is_asked_for():
    kind = struct("s", ("a", U16), ("b", Array(U8, 2)))
    rules = "FIELD(s, a, HEX)\nFIELD(s, b, HEX)"
    assert tree_of(kind, b"\x34\x12\x0f\x00", rules) == {"a": "0x1234", "b": ["0xf", "0x0"]}


@pytest.mark.parametrize(
    ("number", "shown"), [(0, "NONE"), (2, "GREEN"), (3, 3), (1 << 31, 1 << 31)]
)
def test_an_enumeration_has_names_and_else_numbers(number, shown):
    assert tree_of(struct("s", ("c", COLOUR)), number.to_bytes(4, "little")) == {"c": shown}


@pytest.mark.parametrize(
    ("number", "shown"),
    [(0, "0x0"), (1, "RED"), (7, "RED|GREEN|BLUE"), (9, "RED|0x8"), (0xFFFFFFF0, "0xfffffff0")],
)
def test_flags_by_name_and_the_rest_as_a_number(number, shown):
    kind = struct("s", ("c", COLOUR))
    assert tree_of(kind, number.to_bytes(4, "little"), "FIELD(s, c, FLAGS)") == {"c": shown}


def test_a_flag_of_two_bits_needs_both():
    kind = struct("s", ("c", Scalar(1, enum="bits")))
    known = structures(kind, rules="FIELD(s, c, FLAGS)", enums={"bits": {0b11: "BOTH"}})
    assert known.value("s", b"\1") == {"c": "0x1"}
    assert known.value("s", b"\7") == {"c": "BOTH|0x4"}


WIDE = struct(
    "wide",
    *(("plain", U64), ("signed", Scalar(8, signed=True))),
    *(("named", Scalar(8, enum="colour")), ("set", Scalar(8, enum="colour"))),
)
WIDE_KNOWN = structures(WIDE, rules="FIELD(wide, set, FLAGS)", enums={"colour": COLOURS})


@given(st.integers(0, (1 << 64) - 1))
def test_no_number_is_lost_on_its_way_through_json(number):
    tree = WIDE_KNOWN.value("wide", number.to_bytes(8, "little") * 4)
    shown = tree.pop("set")
    for leaf in tree.values():
        if leaf not in COLOURS.values():
            assert isinstance(leaf, str) and int(leaf, 16) == number
    assert "0x" in shown or set(shown.split("|")) <= set(COLOURS.values())


# ---- texts, secrets, reserved fields ----


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"vm1\0rest", "vm1"),
        (b"no end..", "no end.."),
        (b"\0\0\0\0\0\0\0\0", ""),
        (b"\xc3\xa9t\xc3\xa9\0\0\0", "été"),
        (b"\xff\x80ab\0\0\0\0", "\\xff\\x80ab"),
        (b"a\\b\0\0\0\0\0", "a\\b"),
        (b"\\xff\0\0\0\0", "\\\\xff"),  # not the byte
        (b"\\\xff\0\0\0\0\0\0", "\\\\\\xff"),
        (b"\x1b]0;x\x07\n\0", "\x1b]0;x\x07\n"),  # for the sink to escape
    ],
)
def test_a_text_ends_at_its_nul(data, text):
    kind = struct("s", ("name", Array(Scalar(1, True), 8)))
    assert tree_of(kind, data, "FIELD(s, name, TEXT)") == {"name": text}


def test_a_secret_is_redacted_whatever_it_is():
    kind = struct("s", ("key", Array(U8, 4)), ("number", U64), ("inner", struct("t", ("a", U8))))
    rules = "FIELD(s, key, SECRET)\nFIELD(s, number, SECRET)\nFIELD(s, inner, SECRET)"
    shown = tree_of(kind, bytes(range(1, 14)), rules)
    assert shown == {"key": "redacted", "number": "redacted", "inner": "redacted"}


def test_a_reserved_field_is_shown_when_it_is_not_zero():
    kind = struct("s", ("a", U8), ("reserved", Array(U8, 2)))
    rules = "FIELD(s, reserved, RESERVED)"
    assert tree_of(kind, b"\0\0\0", rules) == {"a": 0}
    assert tree_of(kind, b"\0\0\1", rules) == {"a": 0, "reserved": [0, 1]}


# ---- structures in structures, arrays, unions ----


def test_an_array_of_structures_of_nothing_is_empty():
    nothing = Field("none", 0, 0, Array(Struct("", 0, ()), 3))
    odd = Struct("odd", 4, (nothing, Field("x", 0, 32, U32)))
    tree = structures(odd).value("odd", bytes([1, 0, 0, 0]))
    assert tree == {"none": [], "x": 1}


def test_structures_and_arrays_nest():
    inner = struct("inner", ("x", U8), ("y", U16))
    kind = struct("s", ("grid", Array(Array(U8, 2), 2)), ("pair", Array(inner, 2)))
    assert tree_of(kind, bytes(range(1, 11))) == {
        "grid": [[1, 2], [3, 4]],
        "pair": [{"x": 5, "y": 0x0706}, {"x": 8, "y": 0x0A09}],
    }


UNION = struct("u", ("byte", U8), ("long", U64), union=True)
TAGGED = struct("s", ("tag", U8), ("body", UNION))
CASES = "CASE(s, body, tag, 0, byte)\nCASE(s, body, tag, 7, long)"


@pytest.mark.parametrize(
    ("tag", "body"),
    [
        (0, {"byte": 1}),
        (7, {"long": "0x807060504030201"}),
        (8, "0102030405060708"),
    ],
)
def test_the_selector_chooses_the_member_of_a_union(tag, body):
    assert tree_of(TAGGED, bytes([tag, 1, 2, 3, 4, 5, 6, 7, 8]), CASES)["body"] == body


def test_a_union_that_nothing_selects_is_its_bytes():
    assert tree_of(TAGGED, bytes(9))["body"] == "00" * 8
    assert tree_of(TAGGED, bytes(9), "CASE(s, body, tag, 0, other)")["body"] == "00" * 8


# ---- pointers ----

ITEM = struct("item", ("value", U16))
LIST = struct("list", ("count", U32), ("items", U64))
LIST_RULES = "FIELD(list, items, ARRAY(in, item, count))"
NODE = struct("node", ("next", U64))
NODE_RULES = "FIELD(node, next, POINTER(inout, node))"


def the_list(count: int, address: int, memory: FakeMemory):
    data = count.to_bytes(4, "little") + address.to_bytes(8, "little")
    return tree_of(LIST, data, LIST_RULES, memory, others=[ITEM])["items"]


def test_a_pointer_is_followed():
    known = structures(NODE, rules="FIELD(node, next, POINTER(inout, u32))")
    memory = FakeMemory({0x1000: b"\0\x20\0\0\0\0\0\0", 0x2000: b"\x2a\0\0\0"})
    pointer = known.read("node", 0x1000, memory)["next"]
    assert pointer == {"address": "0x2000", "points_to": 42}


def test_an_array_has_as_many_elements_as_its_count_says():
    memory = FakeMemory({0x1000: bytes(range(1, 9))})
    assert the_list(3, 0x1000, memory) == {
        "address": "0x1000",
        "points_to": [{"value": 0x0201}, {"value": 0x0403}, {"value": 0x0605}],
    }
    assert the_list(0, 0x1000, memory) == {"address": "0x1000", "points_to": []}


def test_an_array_ends_with_why_where_memory_ends():
    memory = FakeMemory({0x1000: bytes(5)})
    assert the_list(4, 0x1000, memory)["points_to"] == [
        {"value": 0},
        {"value": 0},
        {"address": "0x1004", "unreadable": "memory ends at 0x1004"},
    ]


def test_an_array_that_is_not_there_at_all_is_unreadable():
    assert the_list(4, 0x5000, FakeMemory()) == {
        "address": "0x5000",
        "unreadable": "no memory there",
    }


def test_no_more_elements_than_a_bound_and_the_rest_is_counted():
    memory = FakeMemory({0: bytes(2 * MAX_ELEMENTS + 100)})
    tree = the_list(0xFFFFFFFF, 0, memory)
    assert len(tree["points_to"]) == MAX_ELEMENTS
    assert tree["omitted"] == 0xFFFFFFFF - MAX_ELEMENTS
    assert memory.reads <= 2
    assert "omitted" not in the_list(MAX_ELEMENTS, 0, memory)


def test_an_array_at_the_top_of_memory_ends_there_or_goes_on_at_zero():
    memory = FakeMemory({0xFFFFFFFFFFFFFFFC: b"\1\0\2\0", 0: b"\3\0\4\0"})
    values = [element["value"] for element in the_list(4, 0xFFFFFFFFFFFFFFFC, memory)["points_to"]]
    assert values == [1, 2, 3, 4]


def test_a_pointer_to_itself_is_followed_so_far_and_no_further():
    known = structures(NODE, rules=NODE_RULES)
    memory = FakeMemory({0x1000: b"\0\x10\0\0\0\0\0\0"})
    tree, depth = known.read("node", 0x1000, memory)["next"], 0
    while "points_to" in tree:
        tree, depth = tree["points_to"]["next"], depth + 1
    assert depth == MAX_DEPTH
    assert tree == {"address": "0x1000", "unreadable": "too many pointers deep"}


def test_pointers_that_branch_at_each_step_are_bounded_too():
    """Each node has two arrays that claim 2^32 nodes: unbounded, 1024 to the power of the depth."""
    node = struct("node", ("count", U32), ("pad", U32), ("left", U64), ("right", U64))
    rules = "FIELD(node, left, ARRAY(in, node, count))\nFIELD(node, right, ARRAY(in, node, count))"
    one = b"\xff\xff\xff\xff" + bytes(4) + b"\0\x10\0\0\0\0\0\0" * 2
    memory = FakeMemory({0x1000: one * MAX_ELEMENTS})
    tree = structures(node, rules=rules).read("node", 0x1000, memory)
    assert memory.reads < MAX_BYTES / node.size
    assert "more than" in str(tree["right"])


def test_what_has_no_layout_is_unreadable():
    with pytest.raises(Unreadable, match="no layout of struct what is known"):
        structures().read("what", 0, FakeMemory())
    tree = tree_of(NODE, bytes(8), "FIELD(node, next, POINTER(in, what))", FakeMemory())
    assert tree["next"]["unreadable"] == "no layout of struct what is known"
    tree = tree_of(LIST, bytes(12), "FIELD(list, items, ARRAY(in, what, count))", FakeMemory())
    assert tree["items"]["unreadable"] == "no layout of struct what is known"


# ---- all of ACRN's structures ----

KNOWLEDGE = acrn()
KNOWN = Structures(KNOWLEDGE.types)
NAMES = sorted(KNOWLEDGE.types.layouts.structs)


@given(st.sampled_from(NAMES), st.data())
def test_any_bytes_are_some_tree_that_json_can_hold(name, data):
    size = KNOWLEDGE.types.layouts.structs[name].size
    memory = FakeMemory({0x1000: data.draw(st.binary(min_size=size, max_size=size))})
    tree = KNOWN.read(name, 0x1000, memory)
    assert json.loads(json.dumps(tree)) == tree
    assert memory.reads < 100


def test_the_key_of_the_secure_world_is_redacted():
    memory = FakeMemory({0x1000: bytes(range(96))})
    tree = Structures(KNOWLEDGE.types).read("trusty_boot_param", 0x1000, memory)
    assert tree["rpmb_key"] == "redacted" and tree["version"] == "0x7060504"


# ---- in a register ----


@pytest.mark.parametrize("name", ("acrn_asyncio_info", "trusty_boot_param"))
def test_a_structure_in_a_register_has_no_more_fields_than_fit_there(name):
    packed = Argument("PACKED", "argument", name)
    entry = Entry(0x99, "own", (packed,))
    known = CallDecoder(knowledge_of(CallTable([entry]), KNOWLEDGE.types))
    decoded = known.decode(Given(0x99, (96 << 32 | 96,)), FakeMemory())["decoded"]
    assert len(decoded["argument"]) == 2
