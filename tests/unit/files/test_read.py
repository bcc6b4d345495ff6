# SPDX-License-Identifier: BSD-3-Clause
"""Trace files read back: nothing is lost, nothing wrong is taken, and all before it is kept."""

import json
import tracemalloc

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acrn_trace.base.errors import TraceError
from acrn_trace.files import read as tracefile
from acrn_trace.trace.eventjson import NotAnEvent, event_of
from acrn_trace.files.read import read_events
from helpers.make.event import event, events, jsonl
from helpers.tree import ROOT

SCHEMA = jsonschema.Draft202012Validator(json.loads((ROOT / "docs/trace.schema.json").read_text()))


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return tmp_path_factory.mktemp("trace") / "t.jsonl"


def read(path, content):
    """The events of a file of that content, and the complaint, if there is one."""
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    found, complaint = [], None
    try:
        for one in read_events(str(path)):
            found.append(one)
    except TraceError as error:
        complaint = str(error)
    return found, complaint


@settings(max_examples=50)
@given(st.lists(events, max_size=3))
def test_an_event_written_and_read_is_the_same(path, some):
    found, complaint = read(path, jsonl(some))
    assert complaint is None
    assert found == some
    assert [one.as_json() for one in found] == [one.as_json() for one in some]
    assert jsonl(found) == jsonl(some)


@settings(max_examples=50)
@given(st.lists(st.sampled_from(range(3)), min_size=2, max_size=12), st.tuples(*[events] * 3))
def test_events_that_resemble_each_other_are_told_apart(path, which, kinds):
    some = [event_of(json.loads(jsonl([kinds[kind]]))) for kind in which]
    for seq, one in enumerate(some):
        one.seq, one.time, one.duration = seq, 100.0 + seq, seq / 1000
    found, _ = read(path, jsonl(some))
    assert [one.as_json() for one in found] == [one.as_json() for one in some]
    assert jsonl(found) == jsonl(some)


@given(events)
def test_every_event_is_what_the_schema_says(one):
    SCHEMA.validate(json.loads(json.dumps(one.as_json())))


VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.text(max_size=3),
    st.just([]),
    st.just({}),
    st.sampled_from(["0x1", "0x7fffffff", "0x80000000", "0xffffffff80000000", "0x", "0X1", "tsc"]),
    st.sampled_from(["0xfffffffff", "0x00", "0x0080000000", "0xffffffff7fffffff", "stop", "-1"]),
    st.sampled_from(
        [1 << 53, (1 << 53) - 1, -1, 1 << 64, -(1 << 31) - 1, 1e12 + 0.5, 0.5, 10**400]
    ),
    st.sampled_from(
        [
            ["0x1"],
            ["0x1", "0x2"],
            ["0x0"] * 6,
            ["0x0"] * 7,
            ["0x1", 2],
            [{"kind": "k", "text": "t"}],
            [{}],
        ]
    ),
    st.sampled_from([{"rbx": ["0x1", "0x2"]}, {"vmid": None}, {"vmid": [True]}, {"a": 1.5}]),
    st.sampled_from([{"p": {"points_to": 1}}, {"p": {"unreadable": "", "address": 1}}, {"p": []}]),
    st.sampled_from([[{"function": None, "file": "f", "line": 1}], [{"function": 1}]]),
)


@settings(max_examples=300)
@given(events, st.data())
def test_the_reader_and_the_schema_agree_on_what_an_event_is(one, data):
    tree = one.as_json()
    key = data.draw(st.sampled_from(list(tree)))
    if data.draw(st.booleans()):
        del tree[key]
    else:
        tree[key] = data.draw(VALUES)
    try:
        event_of(tree)
        accepted = True
    except NotAnEvent:
        accepted = False
    assert SCHEMA.is_valid(tree) == accepted, (key, tree)


@pytest.mark.parametrize(
    "key, value, accepted",
    [
        ("ret", "0x7fffffff", False),
        ("ret", "0xffffffff80000000", False),
        ("ret", "0x80000000", True),
        ("ret", "0xffffffff7fffffff", True),
        ("ret", 1 << 31, False),
        ("site", None, False),
        ("decoded", {"p": {"points_to": 1}}, False),
        ("decoded", {"p": {"points_to": 1, "address": {"in": "0x1", "out": "0x2"}}}, True),
        ("decoded", {"p": {"points_to": 1, "address": {"in": "0x1", "out": 2}}}, False),
        ("decoded", {"p": {"points_to": 1, "address": {"in": "0x1"}}}, False),
        ("decoded", {"p": [{"unreadable": "why", "address": 1}]}, False),
        ("decoded", {"p": {"unreadable": "why", "address": "0x1"}}, True),
        ("decoded", {"p": [None]}, False),
        ("args", [], True),
        ("args", ["0x1", "0x2", "0x3", "0x4", "0x5", "0x6"], True),
        ("args", ["0x0"] * 7, False),
        ("args", ["0x1", "-0x2"], False),
        ("clobbered", {"rbx": ["0x1"]}, False),
        ("findings", [{"kind": "k"}], False),
        ("stack", [{"function": None, "file": None, "line": -1}], False),
        ("stack", [{"function": None, "file": None, "line": 1, "address": "0xf"}], True),
        ("stack", [{"function": None, "file": None, "line": 1, "address": 15}], False),
        ("stack", [{"function": None, "file": None, "line": 1, "odd": None}], False),
        ("task", {"comm": "init", "pid": 1, "tgid": 1}, True),
        ("task", {"comm": "init", "pid": 1}, False),
        ("task", {"comm": "init", "pid": -1, "tgid": 1}, False),
        ("task", {}, False),
        ("a newer key", None, True),
    ],
)
def test_the_borders_of_what_an_event_is(key, value, accepted):
    tree = event().as_json() | {key: value}
    assert SCHEMA.is_valid(tree) == accepted
    if accepted:
        assert event_of(tree).as_json() == tree
    else:
        with pytest.raises(NotAnEvent):
            event_of(tree)


SOME = jsonl([event(seq) for seq in range(4)]).encode()


@given(st.integers(0, len(SOME) - 1))
def test_a_file_cut_off_anywhere_gives_all_that_is_whole(path, size):
    found, complaint = read(path, SOME[:size])
    whole = SOME[:size].count(b"\n")
    cut = size - (SOME[:size].rfind(b"\n") + 1)
    if SOME[size : size + 1] == b"\n":  # only the line's end is missing
        whole, cut = whole + 1, 0
    assert len(found) == whole
    assert (complaint is None) == (cut == 0)
    if complaint:
        assert f"line {whole + 1} at byte {size - cut}: " in complaint
        assert "cut off" in complaint and f"the {whole} calls before it were read" in complaint


@given(st.binary(max_size=80), st.integers(0, 4))
def test_no_bytes_at_all_are_more_than_a_complaint(path, garbage, lines):
    before = SOME.splitlines(keepends=True)[:lines]
    found, complaint = read(path, b"".join(before) + garbage)
    assert len(found) >= lines
    assert complaint is None or complaint.count("\n") == 0


@pytest.mark.parametrize(
    "line, words",
    [
        (b"[1]\n", "not an object"),
        (b'{"seq":NaN}\n', "NaN is no number"),
        (b'{"seq":-Infinity}\n', "Infinity is no number"),
        (b'{"seq":' + b"9" * 5000 + b"}\n", "digits"),
        (b'{"seq":' + b"[" * 100_000 + b"\n", "nested deeper than 64"),
        (b'{"seq":' + b"[" * 80 + b"]" * 80 + b"}\n", "nested deeper than 64"),
        (b'{"seq":"\xff"}\n', "no UTF-8 8 bytes on"),
        (b'{"seq":"' + b"x" * (5 << 20) + b'"}\n', "longer than 4 MiB"),
        (b'{"seq":1}\n', "'abi' is missing"),
        (SOME.replace(b'"host"', b'"moon"', 1), '"moon" is no value'),
        (b"\n", "Expecting value"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_wrong_is_said_with_its_place(path, line, words):
    found, complaint = read(path, SOME + line + SOME)
    assert len(found) == 4
    assert f"in line 5 at byte {len(SOME)}: " in complaint and words in complaint
    assert len(complaint) < 300


@pytest.mark.parametrize("content", [b"\x7fELF\x02", b"hello", b" {}", b"\x00" * 100])
def test_a_foreign_file_is_said_to_be_one(path, content):
    found, complaint = read(path, content)
    assert found == [] and "is no trace: it begins with" in complaint


def test_files_that_cannot_be_read_have_a_sentence(tmp_path):
    for name in (str(tmp_path), str(tmp_path / "none")):
        with pytest.raises(TraceError, match="cannot read"):
            list(read_events(name))


def test_an_empty_file_is_an_empty_trace(path):
    assert read(path, b"") == ([], None)


def test_a_nest_of_exactly_the_limit_is_read(path):
    depth = tracefile.MAX_NESTING - 2  # the line is an object, and so is decoded
    tree = 1
    for _ in range(depth):
        tree = [tree]
    found, complaint = read(path, jsonl([event(decoded={"vmid": tree})]))
    assert complaint is None and found[0].decoded == {"vmid": tree}
    assert read(path, jsonl([event(decoded={"vmid": [tree]})]))[1] is not None


def _peak(path, count):
    """The most memory that reading ``count`` events took: each comes twice, no others are alike."""
    some = (event(seq, args=(seq // 2, 0), decoded={"vmid": seq // 2}) for seq in range(count))
    with open(path, "w", encoding="utf-8") as file:
        file.writelines(jsonl([one]) for one in some)
    tracemalloc.start()
    try:
        assert sum(1 for _ in read_events(str(path))) == count
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_memory_does_not_grow_with_the_file(path):
    _peak(path, 1000)  # fills what is kept once and for all
    assert _peak(path, 8000) < 1.2 * _peak(path, 1000)
