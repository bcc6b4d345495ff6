# SPDX-License-Identifier: BSD-3-Clause
"""A guest of whose calls one does not come back while its vCPU makes a hundred others."""

from acrn_trace.trace.outrun import MANY, Outrun
from helpers.make.event import event


def made(count: int, vcpu: int = 0, oldest_is_back: bool = False) -> list[str]:
    """What is said after so many calls since one of vCPU 0."""
    said: list[str] = []
    outrun = Outrun(said.append)
    oldest = event(seq=0, name="sched_op", vcpu=0)
    outrun.entered(oldest)
    if oldest_is_back:
        oldest.vcpu = 1
        outrun.finished(oldest)
    for seq in range(1, count + 1):
        call = event(seq=seq, name="set_timer_op", vcpu=vcpu)
        outrun.entered(call)
        outrun.finished(call)
    return said


def test_it_is_said_once():
    (said,) = made(3 * MANY)
    assert said.startswith(f"vCPU 0 has made {MANY} calls since sched_op at ")
    assert "-b N ends the trace" in said


def test_it_is_said_once_of_all_vcpus():
    said: list[str] = []
    outrun = Outrun(said.append)
    for seq in range(3 * MANY):
        outrun.entered(event(seq=seq, vcpu=seq % 2))
    assert len(said) == 1


def test_fewer_calls_are_nothing():
    assert made(MANY - 1) == []


def test_another_vcpus_calls_are_nothing():
    assert made(3 * MANY, vcpu=1) == []


def test_calls_after_it_came_back_are_nothing():
    assert made(3 * MANY, oldest_is_back=True) == []
