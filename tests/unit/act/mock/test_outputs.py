# SPDX-License-Identifier: BSD-3-Clause
"""What a recorded call wrote is bytes again, where its arguments point now."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acrn_trace.act.mock.outputs import NotRebuilt, Outputs
from acrn_trace.tables.layouts import Struct
from acrn_trace.tables.pointees import pointee_of
from helpers.make.event import event
from helpers.make.memory import FakeMemory, Structures
from helpers.replaying import (
    BASE,
    CALLS,
    CREATION,
    KNOWLEDGE,
    PAGE,
    Guest,
    numbers,
    recorded,
    replay_of,
    replayed,
)


def test_what_was_written_is_written_again(tmp_path):
    lines: list[str] = []
    first = Guest()
    first.write(BASE, CREATION)
    first.write(0x2000, PAGE.to_bytes(8, "little"))
    free = [(PAGE + 256 * slot + 136, b"\3\0\0\0") for slot in range(16)]
    before = bytes(first.data)
    create = [(BASE, b"\2\0"), (BASE + 4, b"\1\0")]
    recorded(first, numbers("create_vm"), BASE, writes=create, lines=lines)
    recorded(first, numbers("set_ioreq_buffer"), 2, 0x2000, writes=free, lines=lines)
    recorded(first, numbers("get_api_version"), 0x3000, writes=[(0x3000, b"\1")], lines=lines)
    recorded(first, numbers("start_vm"), 2, ret=-1, lines=lines)
    replay, second = replay_of(tmp_path, *lines), Guest(before)
    answers = [
        replayed(replay, second, numbers("create_vm"), BASE),
        replayed(replay, second, numbers("set_ioreq_buffer"), 2, 0x2000),
        replayed(replay, second, numbers("get_api_version"), 0x3000),
        replayed(replay, second, numbers("start_vm"), 2),
    ]
    assert [change.answer for change in answers] == [0, 0, 0, (1 << 64) - 1]
    assert {change.answered_by for change in answers} == {"replay"}
    assert [change.notes for change in answers] == [[], [], [], []]
    assert second.data == first.data
    assert (replay.left, replay.answered, replay.departed) == (0, 4, 0)


def test_addresses_may_be_others(tmp_path):
    lines: list[str] = []
    first, second = Guest(), Guest()
    first.write(BASE, CREATION), second.write(0x1800, CREATION)
    recorded(first, numbers("create_vm"), BASE, writes=[(BASE, b"\2\0")], lines=lines)
    change = replayed(replay_of(tmp_path, *lines), second, numbers("create_vm"), 0x1800)
    assert change.notes == [] and second.read(0x1800, 2) == b"\2\0"


def test_a_nested_pointer_is_followed_to_where_it_points_now(tmp_path):
    lines: list[str] = []
    first, second = Guest(), Guest()
    first.write(BASE, PAGE.to_bytes(8, "little"))
    second.write(BASE, (PAGE + 0x1000).to_bytes(8, "little"))
    free = [(PAGE + 136, b"\3\0\0\0")]
    recorded(first, numbers("set_ioreq_buffer"), 2, BASE, writes=free, lines=lines)
    change = replayed(replay_of(tmp_path, *lines), second, numbers("set_ioreq_buffer"), 2, BASE)
    assert change.memory == [(PAGE + 0x1000 + 136, b"\3\0\0\0")]


def test_broken_registers_are_broken_again(tmp_path):
    line = json.loads(recorded(Guest(), numbers("start_vm"), 1))
    line["clobbered"] = {"rbx": ["0x1", "0x2"], "rflags": ["0x246", "0x247"]}
    replay = replay_of(tmp_path, json.dumps(line) + "\n")
    assert replayed(replay, Guest(), numbers("start_vm"), 1).registers == {
        "rbx": 2,
        "eflags": 0x247,
    }


def test_outputs_that_cannot_be_rebuilt_are_a_finding_and_nothing_is_written(tmp_path):
    line = json.loads(recorded(Guest(), numbers("get_api_version"), BASE))
    line["decoded"] = {"version": {"major_version": "no number", "minor_version": 1}}
    replay = replay_of(tmp_path, json.dumps(line) + "\n")
    change = replayed(replay, Guest(), numbers("get_api_version"), BASE)
    assert change.notes[0].kind == "replay-incomplete" and change.memory == []
    far = replayed(replay_of(tmp_path, json.dumps(line) + "\n"), Guest(), line_nr(line), 1 << 40)
    assert far.notes[0].kind == "replay-incomplete"


def line_nr(line: dict) -> int:
    return int(line["nr"], 16)


STRUCTS = [kind for kind in KNOWLEDGE.types.layouts.structs.values() if not kind.is_union]


@settings(max_examples=150)
@given(st.sampled_from(STRUCTS), st.data())
def test_a_structure_there_and_back(kind: Struct, data):
    """Decoded, and encoded over nothing: the same tree again."""
    raw = data.draw(st.binary(min_size=kind.size, max_size=kind.size))
    types = KNOWLEDGE.types
    structures = Structures(types)
    memory = FakeMemory({BASE: raw + bytes(64)})
    tree = structures.read(kind.name, BASE, memory)
    try:
        again = Outputs(types, memory)._encode(kind, tree, bytes(kind.size))
    except NotRebuilt:
        pytest.fail(f"{tree} was not rebuilt")
    assert without_text(
        structures.read(kind.name, BASE, FakeMemory({BASE: again + bytes(64)}))
    ) == (without_text(tree))


def without_text(tree):
    """Characters that are no UTF-8 have no way back; secrets have none either."""
    texts = KNOWLEDGE.types.fields.text_fields
    if isinstance(tree, dict):
        return {key: without_text(value) for key, value in tree.items() if key not in texts}
    return [without_text(one) for one in tree] if isinstance(tree, list) else tree


def test_where_arguments_point():
    entry = CALLS["create_vm"]
    pointee = pointee_of(KNOWLEDGE.types, entry, entry.arguments[0], (BASE, 0))
    assert (pointee.direction, pointee.type) == ("inout", "acrn_vm_creation")
    assert event().nr == numbers("start_vm")
