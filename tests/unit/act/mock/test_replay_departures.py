# SPDX-License-Identifier: BSD-3-Clause
"""Arguments that are not the recorded ones: which of them depart, and how that is told."""

import json

from helpers.replaying import (
    BASE,
    CALLS,
    CREATION,
    PAGE,
    Guest,
    departure,
    numbers,
    recorded,
    replay_of,
    replayed,
)


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
