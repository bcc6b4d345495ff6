# SPDX-License-Identifier: BSD-3-Clause
"""A decoded call as C shows it, as text and as JSON: byte for byte what Python's sinks write."""

import ctypes
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acrn_trace.base.output import Output
from acrn_trace.guest.site import Site
from acrn_trace.sinks.jsonl import json_text
from acrn_trace.sinks.stamps import Stamps
from acrn_trace.sinks.text import TextSink
from acrn_trace.tables.calls import CallTable, parse
from acrn_trace.trace.event import Event, Finding
from acrn_trace.trace.rendering import Renderer
from helpers import made_values as made
from helpers.builds import LONG
from helpers.made_calls import MadeCalls, Style, written
from helpers.make.knowledge import knowledge_of
from helpers.make.memory import U16, U32, U64, array, struct, structures

CALLS = """
HYPERCALL0(0x80000001, nothing)
HYPERCALL2(0x80000002, values, VMID(vmid), ENUM(kind, name))
HYPERCALL1(0x80000003, change, PTR(inout, thing, it))
HYPERCALL2(0x80000004, read, VMID(vmid), PTR(in, thing, it))
HYPERCALL2(0x80000005, fetch, PTR(out, thing, it), PTR(out, small, more))
HYPERCALL2(0x80000006, both, PTR(inout, thing, first), PTR(inout, thing, name))
HYPERCALL2(0x80000007, pick, VALUE(u32, what), ADDR(out, it))
HYPERCALL2(0x80000008, late, PTR(out, small, it), PACKED(thing, packed))
HYPERCALL2(0x80000009, give, ADDR(inout, it), PACKED(small, what))
"""
RULES = """
FIELD(thing, id, OUT)
FIELD(thing, name, TEXT)
FIELD(thing, reserved, RESERVED)
FIELD(small, bits, FLAGS)
POINTEE(pick, it, what, 1, out, thing)
POINTEE(pick, it, what, 2, out, u16)
POINTEE(give, it, what.low, 3, inout, small)
"""
KINDS = {0: "KIND_NONE", 1: "KIND_ONE", 2: "KIND_TWO", 12: "KIND_BOTH"}
THING = struct("thing", ("id", U64), ("name", array(U32, 4)), ("reserved", U32))
SMALL = struct("small", ("low", U16), ("bits", U16))
TYPES = structures(THING, SMALL, rules=RULES, enums={"kind": KINDS}).types
TABLE = CallTable(parse(CALLS, "calls"))
CALLS_IN_C = MadeCalls(knowledge_of(TABLE, TYPES))
EXAMPLES = 2000 if LONG else 60
NUMBERS = [entry.number for entry in TABLE]

# ---- trees ----

u64 = st.integers(0, 9) | st.integers(0, (1 << 64) - 1)
words = st.sampled_from(
    [b"", b"vm1", b'"', b"\\", b"\\x80", b"\xff", "ü\u202e".encode(), b"\n\x1b"]
)
octets = st.lists(words, max_size=3).map(b"".join)
leaves = st.one_of(
    st.integers(-(1 << 63), (1 << 63) - 1).map(made.number),
    st.just(made.number(0)),
    st.integers(2, (1 << 32)).map(made.no_truth),
    u64.map(made.hexadecimal),
    st.sampled_from(sorted(KINDS.items())).map(lambda kind: made.name(kind[1], not kind[0])),
    st.builds(lambda n, e: made.flags(n, e, KINDS), u64, st.sampled_from(["kind", None])),
    octets.map(made.characters),
    octets.map(made.bytes_of),
    st.just(made.redacted()),
)
names = st.sampled_from([*"abcdefghijkl", "id", "name", "reserved", "né\u202e"])


def trees(of, moved: bool):
    """Trees whose leaves are ``of``; ``moved``: with pointers that lead elsewhere by now."""
    elsewhere = st.none() | u64 if moved else st.none()
    return st.recursive(
        of,
        lambda inner: st.one_of(
            st.dictionaries(names, inner, max_size=12).map(made.structure),
            st.lists(inner, max_size=20).map(lambda each: made.list_of(*each)),
            st.builds(made.leads_to, u64, inner, st.sampled_from([0, 0, 7]), elsewhere),
        ),
        max_leaves=20,
    )


ends = st.dictionaries(names, leaves, max_size=3).map(made.structure) | leaves
changes = st.builds(made.change, ends, ends)
written_twice = trees(leaves | changes, moved=False)
changed = trees(leaves | changes, moved=True)
structs = st.dictionaries(names, changed, max_size=12).map(made.structure)
wholes = st.dictionaries(names, written_twice, max_size=12).map(made.structure)

# ---- calls ----

texts = st.text(max_size=8)
sites = st.builds(
    lambda at, file, line, function: Site(at, None, file, line, function),
    *(u64, st.sampled_from([None, "main.c", "/src/né\n.c", "a/", ""]), st.none() | st.just(42)),
    st.sampled_from([None, "create_vm", "\u202e"]),
)
micros = st.one_of(st.integers(0, 200), st.integers(0, 10**12), st.integers(0, 10**18 - 1))
results = st.one_of(
    st.sampled_from([0, -1, -5, -22, -25, -77, -(1 << 31), -(1 << 31) - 1]), st.integers(0, 1 << 63)
)


@st.composite
def calls(draw):
    """An event, its times in microseconds, and its arguments."""
    number = draw(st.sampled_from([*NUMBERS, *NUMBERS, 0x80000099, 7]))
    entry = TABLE.numbered(number)
    decoded = {}
    for argument in entry.arguments if entry else ():
        tree = (
            wholes | written_twice if argument.direction == "out" else structs | changes | changed
        )
        decoded[argument.name] = draw(tree.filter(lambda one: one.kind != made.POINTER))
    if draw(st.integers(0, 9)) == 0:
        decoded = dict(list(decoded.items())[:1])
    status = draw(st.sampled_from(["returned", "returned", "faulted", "unfinished", "unknown"]))
    began, took = draw(micros), draw(micros)
    event = Event(
        draw(u64),
        began / 1e6,
        "tsc",
        draw(st.none() | st.integers(0, 300)),
        "acrn",
        number,
        TABLE.call_name(number),
        (draw(st.sampled_from([0, 1, 2, 3, 0x1004, 0x1008]) | u64), draw(u64)),
        draw(sites),
        draw(st.sampled_from(["ring", "dump"])),
        {name: one.tree for name, one in decoded.items()},
        status=status,
        over=True,
        more={"ring": draw(st.integers(0, 9)), "sequence": draw(u64)},
    )
    if status == "returned":
        event.rax = draw(results) & made.MASK64
    if status in ("returned", "faulted") and draw(st.booleans()):
        event.duration = took / 1e6
    event.findings = draw(st.lists(st.builds(Finding, st.just("lost"), texts), max_size=2))
    pairs = st.tuples(u64, u64)
    event.clobbered = draw(st.dictionaries(st.sampled_from(["rbx", "r15", "rflags"]), pairs))
    event.return_vcpu = draw(st.none() | st.integers(0, 9))
    return event, began, None if event.duration is None else took, decoded


# ---- what both write ----


def by_python(events, style: Style) -> str:
    stream, stamps = io.StringIO(), Stamps("relative" if style.is_relative else "start")
    renderer = Renderer(TABLE, TYPES, bool(style.is_verbose))
    sink = TextSink(Output(stream, "memory", False), renderer, bool(style.is_quiet), stamps)
    for event in events:
        sink.finished(event)
    return stream.getvalue()


def text_of(call, style: Style, **room) -> str | None:
    table = ctypes.byref(CALLS_IN_C.table)
    return written("show_text", ctypes.byref(call), table, ctypes.byref(style), **room)


def json_of(call) -> str | None:
    return written("show_json", ctypes.byref(call), ctypes.byref(CALLS_IN_C.table))


@settings(max_examples=EXAMPLES)
@given(st.lists(calls(), min_size=1, max_size=3), st.booleans(), st.booleans(), st.booleans())
def test_a_line_of_text(drawn, is_verbose, is_quiet, is_relative):
    style = Style(is_verbose, is_quiet, is_relative)
    shown = "".join(text_of(CALLS_IN_C.call(*one), style) for one in drawn)
    assert shown == by_python([event for event, *_ in drawn], style)


@settings(max_examples=EXAMPLES)
@given(calls())
def test_an_object_of_json(drawn):
    assert json_of(CALLS_IN_C.call(*drawn)) == json_text(drawn[0]) + "\n"


@settings(max_examples=EXAMPLES)
@given(calls(), st.booleans())
def test_a_line_that_does_not_fit_leaves_all_as_it_was(drawn, is_started):
    call, style = CALLS_IN_C.call(*drawn), Style(is_started=is_started, start=5)
    size = len(text_of(call, Style(is_started=is_started, start=5)).encode())
    assert text_of(call, style, room=size - 1) is None
    assert (style.is_started, style.start) == (is_started, 5)
    assert text_of(call, style, room=size) is not None


MANY = made.structure({key: made.number(0) for key in "abcdefghij"})
DEEP = made.number(1)
for _ in range(79):
    DEEP = made.list_of(DEEP)


CAME = made.structure({"id": made.number(0), "a": made.number(1)})  # into memory that was not there


@pytest.mark.parametrize("tree", [CAME, MANY, made.list_of(*[MANY] * 300), DEEP])
@pytest.mark.parametrize("is_verbose", [False, True])
def test_one_tree(tree, is_verbose):
    decoded = {"it": made.structure({"a": made.change(tree, tree), "id": tree})}
    if tree is CAME:
        decoded["it"] = made.change(tree, made.hexadecimal(8))
    more = {"ring": 0, "sequence": 0}
    given = {"it": decoded["it"].tree}
    event = Event(0, 0.0, "tsc", 0, "acrn", 0x80000003, "change", (8, 0), Site(1), "ring", given)
    event.more, event.over = more, True
    style, call = Style(is_verbose), CALLS_IN_C.call(event, 0, None, decoded)
    assert text_of(call, style) == by_python([event], style)
    assert json_of(call) == json_text(event) + "\n"
