# SPDX-License-Identifier: BSD-3-Clause
"""Which recorded call answers: in the order of each vCPU, and where the guest leaves it."""

import json

import pytest

from acrn_trace.base.errors import TraceError
from helpers.replaying import Guest, departure, numbers, recorded, replay_of, replayed


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


def test_a_trace_without_calls_or_that_is_none(tmp_path):
    with pytest.raises(TraceError, match="has no calls to replay"):
        replay_of(tmp_path)
    with pytest.raises(TraceError, match="is no trace"):
        replay_of(tmp_path, "hello\n")
