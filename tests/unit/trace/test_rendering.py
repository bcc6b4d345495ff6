# SPDX-License-Identifier: BSD-3-Clause
"""Arguments as text: what goes in, and what came out appended to it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acrn_trace.act.mock.outputs import inputs
from acrn_trace.base.text import quoted, text_of
from acrn_trace.tables.calls import CallTable, parse
from acrn_trace.tables.knowledge import acrn
from acrn_trace.tables.layouts import Hidden, Scalar, alignment
from acrn_trace.trace.event import Event
from acrn_trace.trace.rendering import MAX_CHANGES, MAX_ELEMENTS, MAX_FIELDS, Renderer
from acrn_trace.trace.trees import changes
from helpers.make.memory import U16, U32, U64, U8, array, struct, structures

CALLS = """
HYPERCALL0(0x80000001, nothing)
HYPERCALL2(0x80000002, values, VMID(vmid), VALUE(u64, mask))
HYPERCALL1(0x80000003, change, PTR(inout, thing, it))
HYPERCALL2(0x80000004, read, VMID(vmid), PTR(in, thing, it))
HYPERCALL1(0x80000005, fetch, PTR(out, thing, it))
HYPERCALL2(0x80000006, both, PTR(inout, thing, first), PTR(inout, thing, second))
HYPERCALL2(0x80000007, pick, VALUE(u32, what), ADDR(out, it))
"""
RULES = "FIELD(thing, id, OUT)\nFIELD(thing, name, TEXT)\nFIELD(thing, reserved, RESERVED)"
ENUMS = {"kind": {0: "KIND_NONE", 1: "KIND_ONE"}}
TABLE = CallTable(parse(CALLS, "calls"))
TYPES = structures(rules=RULES, enums=ENUMS).types
NOT_THERE = {"address": "0x9000", "unreadable": "no memory there"}


def halves(
    name: str, verbose: bool = False, args=(1, 2), before=None, **decoded
) -> tuple[str, str]:
    """What is printed when the call is made, and what when it is back."""
    renderer = Renderer(TABLE, TYPES, verbose)
    entry = TABLE.named(name)
    number = entry.number if entry else 0x800000EE
    made = Event(0, 0.0, "host", 0, "acrn", number, name, args, None, "stop", decoded)
    made.decoded = decoded if before is None else before
    first = renderer.call(made)
    made.decoded = decoded
    return first, renderer.outputs(made)


def whole(name: str, **more) -> str:
    return "".join(halves(name, **more))


# ---- the two parts ----


def test_no_arguments():
    assert halves("nothing") == ("nothing(", ")")


def test_values_are_all_known_at_the_entry():
    assert halves("values", vmid=3, mask="0x10") == ("values(vmid=3, mask=0x10", ")")


def test_an_unknown_call_has_its_registers():
    assert halves("hypercall_0x800000ee", args=(1, 0xABC)) == (
        *("hypercall_0x800000ee(0x1, 0xabc", ")"),
    )


def test_it_has_as_many_as_its_abi():
    assert whole("hypercall_0x800000ee", args=()) == "hypercall_0x800000ee()"
    assert (
        whole("hypercall_0x800000ee", args=(1, 2, 3, 4))
        == "hypercall_0x800000ee(0x1, 0x2, 0x3, 0x4)"
    )


def test_a_file_may_have_fewer_registers_than_the_call_has_arguments():
    assert whole("read", args=(), vmid=1, it={"a": 5}) == "read(vmid=1, it={a=5})"


def test_an_input_is_complete_but_for_its_brace():
    assert halves("read", vmid=1, it={"a": 5}) == ("read(vmid=1, it={a=5", "})")


def test_changes_come_at_the_return():
    it = {"a": {"in": 1, "out": 2}, "b": 7}
    assert halves("change", it=it) == ("change(it={a=1, b=7", ", a: 1 => 2})")


def test_what_the_hypervisor_writes_is_not_shown_at_the_entry():
    changed = {"id": {"in": 65535, "out": 1}, "a": 5}
    assert halves("change", it=changed) == ("change(it={a=5", ", id: 65535 => 1})")
    assert halves("change", it={"id": 4, "a": 5}) == ("change(it={a=5", ", id=4})")


def test_an_output_comes_at_the_return():
    assert halves("fetch", before={}, it={"a": 5}) == ("fetch(", "it={a=5})")
    assert halves("fetch", before={}, it="0x9000") == ("fetch(", "it=0x9000)")
    assert halves("fetch", before={}, it=NOT_THERE) == (
        *("fetch(", "it=0x9000 (unreadable: no memory there))"),
    )
    first, last = halves("pick", before={"what": 1}, what=1, it={"a": 5})
    assert (first, last) == ("pick(what=1", ", it={a=5})")


def test_an_argument_that_could_not_be_read():
    assert halves("change", it=NOT_THERE) == (
        *("change(it=0x9000 (unreadable: no memory there)", ")"),
    )


def test_an_argument_that_could_be_read_at_one_end_only():
    it = {"in": {"a": 5}, "out": NOT_THERE}
    before = {"it": {"a": 5}}
    assert halves("change", before=before, it=it) == (
        *("change(it={a=5", ", => 0x9000 (unreadable: no memory there)})"),
    )
    it = {"in": NOT_THERE, "out": {"a": 5}}
    assert halves("change", before={"it": NOT_THERE}, it=it) == (
        *("change(it=0x9000 (unreadable: no memory there)", ", => {a=5})"),
    )


def test_changes_of_two_arguments_are_told_apart():
    first, second = {"a": {"in": 1, "out": 2}}, {"a": {"in": 3, "out": 4}}
    assert halves("both", first=first, second=second) == (
        *("both(first={a=1}, second={a=3", ", first.a: 1 => 2, a: 3 => 4})"),
    )


# ---- trees ----


def test_trees_nest():
    it = {"a": {"b": [1, {"c": 2}]}, "p": {"address": "0x10", "points_to": {"d": 3}}}
    assert whole("read", vmid=1, it=it) == "read(vmid=1, it={a={b=[1, {c=2}]}, p=0x10 {d=3}})"


def test_nested_changes_have_their_path_as_c_writes_it():
    inner = {"address": "0x10", "points_to": [{"d": 3}, {"d": {"in": 4, "out": 5}}]}
    it = {"p": inner, "list": [0, {"in": 1, "out": 2}]}
    assert halves("change", it=it)[1] == ", p[1].d: 4 => 5, list[1]: 1 => 2})"


def test_texts_are_in_quotes_as_c_writes_them():
    it = {"name": 'a"b\\c\n', "a": "TEXT"}
    assert whole("read", vmid=1, it=it) == 'read(vmid=1, it={name="a\\"b\\\\c\n", a=TEXT})'
    it = {"name": {"in": "old", "out": "new"}}
    assert halves("change", it=it) == ('change(it={name="old"', ', name: "old" => "new"})')


@given(st.text())
def test_quotes_end_where_they_end(text):
    shown = quoted(text)
    body = shown[1:-1].replace("\\\\", "")
    assert shown[0] == shown[-1] == '"' and not body.replace('\\"', "").count('"')
    assert not body.endswith("\\")


# ---- limits ----

MANY = {f"f{n}": n % 2 for n in range(MAX_FIELDS + 2)}


def test_a_large_structure_shows_what_is_not_zero():
    shown = ", ".join(f"f{n}=1" for n in range(1, len(MANY), 2))
    assert whole("read", vmid=1, it={"a": MANY}) == f"read(vmid=1, it={{a={{{shown}, ...}}}})"
    few = dict(list(MANY.items())[:MAX_FIELDS])
    assert "f0=0" in whole("read", vmid=1, it={"a": few})
    assert "f0=0" in whole("read", verbose=True, vmid=1, it={"a": MANY})


@pytest.mark.parametrize("zero", [0, "0x0", "", "KIND_NONE", [0, 0], {"x": "0x0"}])
def test_zeros_of_every_kind(zero):
    text = whole("read", vmid=1, it={"a": {**MANY, "zero": zero}})
    assert "zero" not in text
    assert "zero" in whole("read", vmid=1, it={"a": {**MANY, "zero": [zero, 1]}})


@pytest.mark.parametrize("text", ["0x0", "KIND_NONE"])
def test_characters_are_no_zeros_whatever_they_read(text):
    shown = whole("read", vmid=1, it={**MANY, "name": text, "kind": text})
    assert f'name="{text}"' in shown and "kind=" not in shown
    assert "name" not in whole("read", vmid=1, it={**MANY, "name": ""})


def test_a_list_shows_its_beginning_up_to_what_is_not_zero():
    assert "l=[1, 0, 2, ...]" in whole("read", vmid=1, it={"l": [1, 0, 2, 0, 0]})
    assert "l=[1, 0, 2]" in whole("read", vmid=1, it={"l": [1, 0, 2]})
    assert "l=[1, 0, 2, 0, 0]" in whole("read", verbose=True, vmid=1, it={"l": [1, 0, 2, 0, 0]})


def test_a_long_list_shows_so_many():
    text = whole("read", vmid=1, it={"l": list(range(1, MAX_ELEMENTS + 2))})
    assert text.count(",") == MAX_ELEMENTS + 1 and text.endswith(f", {MAX_ELEMENTS}, ...]}})")
    verbose = whole("read", verbose=True, vmid=1, it={"l": list(range(1, 1000))})
    assert verbose.endswith(", 999]})")


@pytest.mark.parametrize("verbose", [False, True])
def test_what_was_never_read_is_counted(verbose):
    pointer = {"address": "0x10", "points_to": [1, 2], "omitted": 4294966271}
    text = whole("read", verbose=verbose, vmid=1, it={"p": pointer})
    place = "0x2 " if verbose else ""
    assert text == f"read(vmid=1, it={place}{{p=0x10 [1, 2] and 4294966271 more}})"


def test_so_many_changes_and_the_rest_is_counted():
    it = {f"f{n}": {"in": 0, "out": 1} for n in range(MAX_CHANGES + 3)}
    last = halves("change", it=it)[1]
    assert last.count(" => ") == MAX_CHANGES and last.endswith(", ... 3 more changes})")
    assert halves("change", verbose=True, it=it)[1].count(" => ") == MAX_CHANGES + 3


# ---- where it is ----

ADDRESSED = structures(struct("thing", ("mask", U64), ("id", U32))).types


def placed(name: str, address: int, verbose: bool = False, **decoded) -> str:
    renderer = Renderer(TABLE, ADDRESSED, verbose)
    entry = TABLE.named(name)
    args = (address, 0x9000) if entry.arguments[0].is_pointer else (1, address)
    made = Event(
        0, 0.0, "host", 0, "acrn", entry.number, name, args, None, "stop", decoded, over=True
    )
    return renderer.call(made) + renderer.outputs(made)


@pytest.mark.parametrize("address", (0, 0x1001, 0x1002, 0x1004, 0x1FFF, (1 << 64) - 1))
def test_an_odd_address_stands_before_the_structure(address):
    there = f"{address:#x} "
    assert placed("fetch", address, it={"mask": "0x1"}) == f"fetch(it={there}{{mask=0x1}})"
    assert placed("read", address, vmid=1, it={"a": 1}) == f"read(vmid=1, it={there}{{a=1}})"
    changed = {"a": {"in": 1, "out": 2}}
    assert placed("change", address, it=changed) == f"change(it={there}{{a=1, a: 1 => 2}})"


@pytest.mark.parametrize(
    ("kind", "multiple"),
    [
        *((kind, kind.size) for kind in (U8, U16, U32, U64)),
        (Scalar(16), 8),  # as far as is looked
        (array(U16, 4), 2),
        (struct("s", ("a", U32), ("b", U8)), 4),
        (struct("s", ("a", U8), ("inner", struct("t", ("b", U8)))), 1),
        (struct("packed", ("a", U16), ("b", U64)), 2),
        (struct("empty", size=8), 1),
        (struct("secret", ("a", U32), ("key", Hidden(64))), 4),
    ],
)
def test_what_a_type_asks_of_an_address(kind, multiple):
    assert alignment(kind) == multiple


def test_what_the_structures_of_acrn_ask_for():
    layouts = acrn().types.layouts.structs
    wanted = {"hc_api_version": 4, "acrn_vm_creation": 8, "hc_ptdev_irq": 4, "acrn_hw_info": 2}
    assert {name: alignment(layouts[name]) for name in wanted} == wanted


def test_an_address_as_it_should_be_stands_there_with_v_only():
    assert placed("fetch", 0x1008, it={"a": 1}) == "fetch(it={a=1})"
    assert placed("fetch", 0x1008, True, it={"a": 1}) == "fetch(it=0x1008 {a=1})"


@pytest.mark.parametrize("verbose", (False, True))
def test_no_address_stands_there_twice(verbose):
    assert placed("fetch", 0, verbose, it="0x0") == "fetch(it=0x0)"
    assert placed("read", 3, verbose, it={"address": "0x3", "unreadable": "so"}) == (
        "read(it=0x3 (unreadable: so))"
    )
    assert placed("values", 0, verbose, vmid=1, mask="0x0") == "values(vmid=1, mask=0x0)"


def test_of_two_structures_each_has_its_own_address():
    both = {"first": {"a": 1}, "second": {"a": 1}}
    assert placed("both", 0, **both) == "both(first=0x0 {a=1}, second={a=1})"


def test_what_depends_on_another_argument_is_there_at_0_and_has_no_layout_here():
    assert placed("pick", 0, what=1, it=7) == "pick(what=1, it=0x0 7)"
    assert placed("pick", 0x1001, what=1, it=7) == "pick(what=1, it=7)"


# ---- any tree ----

LEAF = st.integers(0, 1 << 40) | st.sampled_from(["0x0", "0x12", "KIND_ONE", "", "text"])
PAIR = st.tuples(LEAF, LEAF).filter(lambda pair: pair[0] != pair[1])
TREE = st.recursive(
    LEAF,
    lambda inner: st.lists(inner, max_size=20)
    | st.fixed_dictionaries({"x": inner, "name": inner})
    | st.builds(lambda tree: {"address": "0x1", "points_to": tree}, inner)
    | st.builds(lambda pair: {"in": pair[0], "out": pair[1]}, PAIR)
    | st.just(NOT_THERE),
    max_leaves=30,
)
STRUCT = st.fixed_dictionaries(dict.fromkeys(["a", "b", "name", "id"], TREE))


@given(STRUCT, st.booleans())
def test_braces_are_balanced_and_what_changed_is_in_the_return_part(tree, verbose):
    shown_before = {key: value for key, value in inputs(tree).items() if key != "id"}
    first, last = halves("change", verbose=verbose, before={"it": shown_before}, it=tree)
    for opening, closing in ("()", "{}", "[]"):
        assert (first + last).count(opening) == (first + last).count(closing)
    assert any(changes(tree)) == (" => " in last)
    # a line made from a trace file has only the merged tree to begin from
    assert halves("change", verbose=verbose, it=tree) == (first, last)


@given(st.binary(max_size=6), st.binary(max_size=6))
def test_different_texts_look_different(one, other):
    """Whatever the bytes are; and what is UTF-8 is as it was, but for what looks like an escape."""
    same = one == other
    assert (text_of(one) == text_of(other)) == same
    assert (quoted(text_of(one)) == quoted(text_of(other))) == same


@pytest.mark.parametrize(
    "data, shown",
    ((b"\xff", r'"\xff"'), (rb"\xff", r'"\\xff"'), (rb"C:\dir", r'"C:\\dir"'), (b'"', r'"\""')),
)
def test_a_byte_is_told_from_a_backslash(data, shown):
    assert quoted(text_of(data)) == shown


def test_a_reserved_field_that_comes_is_not_shown_at_the_entry():
    """As live, where it is not in the tree while it is 0."""
    it = {"a": 5, "reserved": {"in": 0, "out": 7}}
    assert halves("change", it=it) == ("change(it={a=5", ", reserved: 0 => 7})")
    it = {"a": 5, "reserved": {"in": 7, "out": 0}}
    assert halves("change", it=it) == ("change(it={a=5, reserved=7", ", reserved: 7 => 0})")
