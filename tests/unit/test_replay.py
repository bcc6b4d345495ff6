# SPDX-License-Identifier: BSD-3-Clause
"""Answers from a recording: outputs as bytes again, calls in their order, departures."""

import json

import pytest
from acrn_trace.decoding.arguments import ArgumentDecoder
from acrn_trace.decoding.decode import Decoder
from acrn_trace.errors import TraceError
from acrn_trace.tables.knowledge import acrn
from acrn_trace.tables.layouts import Struct
from acrn_trace.pairing import Call
from acrn_trace.mocking.pending_memory import PendingMemory
from acrn_trace.mocking.replay import Replay
from acrn_trace.mocking.replay_outputs import NotRebuilt, Outputs
from event_builder import event
from fake_memory import FakeMemory
from hypothesis import given, settings
from hypothesis import strategies as st
from stop_builder import SITE, stop

KNOWLEDGE = acrn()
BASE = 0x1000
PAGE = 0x4000
CALLS = {entry.name: entry for entry in KNOWLEDGE.table}


class Guest:
    """Memory, and calls that are made over it and answered by somebody or replayed."""

    def __init__(self, data: bytes = bytes(0x8000)) -> None:
        self.data = bytearray(data)
        self.seq = 0

    def read(self, address: int, size: int) -> bytes:
        return FakeMemory({BASE: bytes(self.data)}).read(address, size)

    def write(self, address: int, data: bytes) -> None:
        self.data[address - BASE : address - BASE + len(data)] = data

    def call(self, nr: int, rdi: int, rsi: int = 0, vcpu: int = 0) -> tuple[Call, Decoder, object]:
        entry = stop(vcpu, float(self.seq), r8=nr, rdi=rdi, rsi=rsi)
        call = Call(self.seq, SITE, entry)
        self.seq += 1
        decoder = Decoder(KNOWLEDGE, self)
        return call, decoder, decoder.entered(call)


def recorded(guest: Guest, nr, rdi, rsi=0, ret=0, writes=(), vcpu=0, lines=None):
    """A call that a hypervisor answers with ``ret`` and ``writes``: its line in the trace."""
    call, decoder, event_ = guest.call(nr, rdi, rsi, vcpu)
    for address, data in writes:
        guest.write(address, data)
    call.exit = stop(vcpu, 1000.0, r8=nr, rdi=rdi, rsi=rsi, rax=ret & (1 << 64) - 1)
    finish(decoder, event_, call)
    line = json.dumps(event_.as_json()) + "\n"
    if lines is not None:
        lines.append(line)
    return line


def finish(decoder, event_, call) -> None:
    if hasattr(decoder, "returned"):
        decoder.returned(event_, call)
    decoder.finished(event_, call)


def replay_of(folder, *lines: str) -> Replay:
    path = folder / "trace.jsonl"
    path.write_text("".join(lines))
    return Replay(KNOWLEDGE, path)


def replayed(replay: Replay, guest: Guest, nr, rdi, rsi=0, vcpu=0):
    call, _, event_ = guest.call(nr, rdi, rsi, vcpu)
    change = replay.answer(call, event_, PendingMemory(guest))
    for address, data in change.memory:
        guest.write(address, data)
    return change


def numbers(name: str) -> int:
    return CALLS[name].number


CREATION = bytes(8) + b"user-vm".ljust(16, b"\0") + bytes(16) + b"\2".ljust(8, b"\0")


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


def test_vcpus_may_come_in_any_order(tmp_path):
    guest, lines = Guest(), []
    for index in range(6):
        recorded(guest, numbers("start_vm"), index, ret=index, vcpu=index % 2, lines=lines)
    replay = replay_of(tmp_path, *lines)
    order = [(1, 1), (0, 0), (0, 2), (0, 4), (1, 3), (1, 5)]
    changes = [replayed(replay, guest, numbers("start_vm"), vm, vcpu=vcpu) for vcpu, vm in order]
    assert [change.answer for change in changes] == [vm for _, vm in order]
    assert replay.departed == 0


def test_a_thread_may_have_moved(tmp_path):
    guest, lines = Guest(), []
    recorded(guest, numbers("start_vm"), 1, ret=7, vcpu=0, lines=lines)
    recorded(guest, numbers("pause_vm"), 1, ret=8, vcpu=1, lines=lines)
    replay = replay_of(tmp_path, *lines)
    assert replayed(replay, guest, numbers("pause_vm"), 1, vcpu=0).answer == 8
    assert replayed(replay, guest, numbers("start_vm"), 1, vcpu=1).answer == 7
    assert replay.departed == 0


def departure(change) -> str:
    (finding,) = change.notes
    assert finding.kind == "replay-departs"
    return finding.text


def test_another_argument_is_found_and_the_rest_goes_on(tmp_path):
    guest, lines = Guest(), []
    for vm in range(1, 4):
        recorded(guest, numbers("start_vm"), vm, ret=-vm, lines=lines)
    replay = replay_of(tmp_path, *lines)
    assert replayed(replay, guest, numbers("start_vm"), 1).notes == []
    other = replayed(replay, guest, numbers("start_vm"), 9)
    text = departure(other)
    assert text.startswith(f"start_vm(vmid=9) departs from the recording, {replay.path}, ")
    assert text.endswith("whose call 1 is start_vm(vmid=2) = -2: vmid: 2 => 9")
    assert other.answer == (1 << 64) - 2
    last = replayed(replay, guest, numbers("start_vm"), 3)
    assert (last.notes, last.answer, replay.departed) == ([], (1 << 64) - 3, 1)


def test_an_argument_in_a_structure(tmp_path):
    guest, lines = Guest(), []
    guest.write(BASE, CREATION)
    recorded(guest, numbers("create_vm"), BASE, lines=lines)
    guest.write(BASE + 40, b"\4")
    text = departure(replayed(replay_of(tmp_path, *lines), guest, numbers("create_vm"), BASE))
    assert text.endswith(": vm.cpu_affinity: 0x2 => 0x4")


def test_what_the_hypervisor_is_to_write_is_no_departure(tmp_path):
    guest, lines = Guest(), []
    guest.write(BASE, b"\xff\xff" + CREATION[2:])
    recorded(guest, numbers("create_vm"), BASE, lines=lines)
    guest.write(BASE, b"\0\0")
    change = replayed(replay_of(tmp_path, *lines), guest, numbers("create_vm"), BASE)
    assert change.notes == []


def test_calls_left_out_are_passed_over(tmp_path):
    guest, lines = Guest(), []
    for name, ret in (("start_vm", 1), ("pause_vm", 2), ("reset_vm", 3), ("destroy_vm", 4)):
        recorded(guest, numbers(name), 1, ret=ret, lines=lines)
    replay = replay_of(tmp_path, *lines)
    change = replayed(replay, guest, numbers("reset_vm"), 1)
    assert "whose call 0 is start_vm(vmid=1) = 1" in departure(change) and change.answer == 3
    assert replayed(replay, guest, numbers("destroy_vm"), 1).notes == []


def test_an_additional_call_is_answered_as_the_last_of_its_kind(tmp_path):
    guest, lines = Guest(), []
    recorded(guest, numbers("start_vm"), 1, ret=5, lines=lines)
    recorded(guest, numbers("pause_vm"), 1, ret=6, lines=lines)
    replay = replay_of(tmp_path, *lines)
    replayed(replay, guest, numbers("start_vm"), 1)
    again = replayed(replay, guest, numbers("start_vm"), 1)
    assert departure(again) and again.answer == 5
    assert replayed(replay, guest, numbers("pause_vm"), 1).answer == 6


def test_past_the_end_and_a_call_that_was_never_made(tmp_path):
    guest, lines = Guest(), []
    recorded(guest, numbers("start_vm"), 1, lines=lines)
    replay = replay_of(tmp_path, *lines)
    replayed(replay, guest, numbers("start_vm"), 1)
    past = replayed(replay, guest, numbers("reset_vm"), 1)
    assert "which has no more calls of vCPU 0" in departure(past)
    assert past.answer is None
    assert replayed(replay, guest, 0x80000099, 1).notes == []  # told once


def test_a_call_that_never_returned_stops_the_guest(tmp_path):
    line = json.loads(recorded(Guest(), numbers("start_vm"), 1))
    line |= {"ret": None, "status": "unfinished", "duration": None, "answered_by": None}
    change = replayed(replay_of(tmp_path, json.dumps(line) + "\n"), Guest(), numbers("start_vm"), 1)
    assert change.answer is None and "never returned" in change.stop


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


def test_a_trace_without_calls_or_that_is_none(tmp_path):
    with pytest.raises(TraceError, match="has no calls to replay"):
        replay_of(tmp_path)
    with pytest.raises(TraceError, match="is no trace"):
        replay_of(tmp_path, "hello\n")


STRUCTS = [kind for kind in KNOWLEDGE.structures.layouts.structs.values() if not kind.is_union]


@settings(max_examples=150)
@given(st.sampled_from(STRUCTS), st.data())
def test_a_structure_there_and_back(kind: Struct, data):
    """Decoded, and encoded over nothing: the same tree again."""
    raw = data.draw(st.binary(min_size=kind.size, max_size=kind.size))
    structures = KNOWLEDGE.structures
    memory = FakeMemory({BASE: raw + bytes(64)})
    tree = structures.read(kind.name, BASE, memory)
    try:
        again = Outputs(structures, memory)._encode(kind, tree, bytes(kind.size))
    except NotRebuilt:
        pytest.fail(f"{tree} was not rebuilt")
    assert without_text(
        structures.read(kind.name, BASE, FakeMemory({BASE: again + bytes(64)}))
    ) == (without_text(tree))


def without_text(tree):
    """Characters that are no UTF-8 have no way back; secrets have none either."""
    texts = KNOWLEDGE.structures.fields.text_fields
    if isinstance(tree, dict):
        return {key: without_text(value) for key, value in tree.items() if key not in texts}
    return [without_text(one) for one in tree] if isinstance(tree, list) else tree


def test_the_decoder_says_where_arguments_point():
    entry = CALLS["create_vm"]
    pointee = ArgumentDecoder(KNOWLEDGE.structures).pointee(entry, entry.arguments[0], (BASE, 0))
    assert (pointee.direction, pointee.type) == ("inout", "acrn_vm_creation")
    assert event().nr == numbers("start_vm")


def of_a_ring(seq: int, line: str, **decoded) -> str:
    """The recorded call as a ring has it, with other arguments."""
    tree = json.loads(line)
    tree["seq"] = seq
    tree["source"] = "ring"
    tree["decoded"] |= decoded
    return json.dumps(tree) + "\n"


def test_what_a_ring_did_not_record_departs_from_nothing(tmp_path):
    """The structure, the end of it, what it leads to; what was recorded does depart."""
    create, regs = CALLS["create_vm"].number, CALLS["set_vcpu_regs"].number
    buffer, regions = CALLS["set_ioreq_buffer"].number, CALLS["set_memory_regions"].number
    guest = Guest()
    guest.write(BASE, (1).to_bytes(4, "little") + bytes(4) + PAGE.to_bytes(8, "little"))
    made = (create, BASE), (regs, 2, BASE), (buffer, 2, BASE + 8), (regions, BASE)
    lines = [recorded(guest, *call) for call in made]
    replay = replay_of(
        tmp_path,
        of_a_ring(0, lines[0], vm=hex(BASE)),
        of_a_ring(1, lines[1], regs={"vcpu_id": 1}),
        of_a_ring(2, lines[2], buffer={"gpa": hex(PAGE)}),
        of_a_ring(3, lines[3], regions=hex(BASE)),
        of_a_ring(4, lines[1], regs={"vcpu_id": 7}),
    )
    assert replay.without_outputs == 2 and " 5 calls; of 2 it does not have" in replay.summary
    for call in made:
        assert replayed(replay, guest, *call).notes == []
    (note,) = replayed(replay, guest, *made[1]).notes
    assert note.kind == "replay-departs" and note.text.endswith(": regs.vcpu_id: 7 => 1")


def test_a_departure_is_told_in_few_words(tmp_path):
    guest = Guest()
    line = recorded(guest, CALLS["set_ioreq_buffer"].number, 2, BASE)
    replay = replay_of(tmp_path, line)
    guest.write(BASE, PAGE.to_bytes(8, "little"))
    (note,) = replayed(replay, guest, CALLS["set_ioreq_buffer"].number, 2, BASE).notes
    assert len(note.text.partition(" = 0: ")[2]) < 3 * (2 * 80 + 40), note.text
