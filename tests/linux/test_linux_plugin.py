# SPDX-License-Identifier: BSD-3-Clause
"""An unmodified Linux is a Service VM in a QEMU whose plugin plays ACRN: no debugger, no image."""

from collections import Counter

import pytest

from helpers.canonical import events_of
from helpers.hsm_log import calls_of, ioctls_in
from helpers.linux import NEWER_QEMU, VMLINUX, qemu_arguments
from helpers.tracing import acrn_trace

ROUNDS = 100
KINDS = 22
FAILED_CREATION = ["CREATE_VM"]  # which of two VMs cannot be depends on who is first


def played(folder, options, *kernel_parameters, vcpus=2):
    """The guest's log and the events of one boot."""
    line = qemu_arguments(f"hsm.rounds={ROUNDS}", *kernel_parameters)
    line[line.index("-smp") + 1] = f"{vcpus}"
    out = folder / "trace.jsonl"
    how = ("--qemu", NEWER_QEMU, "--mock", "acrn", "-f", "jsonl", "-o", out, *options)
    run = acrn_trace(*how, "--", *line, seconds=900)
    assert (run.status, run.err) == (0, ""), run
    assert "Hypervisor detected: ACRN" in run.out and "hsm: done" in run.out
    return ioctls_in(run.out), events_of(out)


def results(log):
    """What each task's ioctls were answered; the numbers of VMs are who came first's."""
    found = {}
    for ioctl in log:
        found.setdefault(ioctl.task, []).append((ioctl.name, ioctl.result))
    return found


@pytest.fixture(scope="module")
def in_the_debugger(tmp_path_factory):
    """The same kernel, where GDB answers its calls."""
    return played(tmp_path_factory.mktemp("gdb"), (VMLINUX,))


@pytest.mark.parametrize("moves", ["kaslr", "nokaslr"])
def test_linux_is_answered_as_in_the_debugger(moves, in_the_debugger, folder):
    log, events = played(folder, ("--engine", "plugin"), moves)
    expected_log, expected_events = in_the_debugger
    expected = results(expected_log)
    for task, made in results(log).items():
        assert made == expected[task] or [name for name, _ in made] == FAILED_CREATION
    kinds = {event["name"] for event in events}
    assert kinds == {event["name"] for event in expected_events} and len(kinds) == KINDS
    assert any(int(e["site"], 16) >= 0xFFFF_FFFF_8200_0000 for e in events) == (moves == "kaslr")


@pytest.mark.parametrize("vcpus", [2, 4])
def test_log_and_trace_agree(vcpus, folder):
    log, events = played(folder, ("--engine", "plugin"), vcpus=vcpus)
    made = [call for ioctl in log for call in calls_of(ioctl)]
    assert Counter((call.name, call.ret) for call in made) == Counter(
        (event["name"], event["ret"]) for event in events
    )
    assert {event["answered_by"] for event in events} == {"mock"}
    assert {event["status"] for event in events} == {"returned"}
    busy = {event["vcpu"] for event in events if event["name"] == "inject_msi"}
    assert busy == set(range(vcpus))
    assert all(event["clobbered"] == {} for event in events)


def test_a_user_vms_requests_reach_the_driver_by_upcalls():
    """Port 0xcf8 is the driver's own business: a write is remembered, a read answered with it."""
    requests = ("ioreq 2 0 pio write 0xcf8 4 0x80001810", "ioreq 2 0 pio read 0xcf8 4")
    mocks = [word for text in ("acrn", *requests) for word in ("--mock", text)]
    how = ("--engine", "plugin", "--qemu", NEWER_QEMU, *mocks)
    run = acrn_trace(*how, "--", *qemu_arguments("hsm.rounds=1"), seconds=900)
    answer = "acrn-trace: vCPU 0 of VM 2 has the answer to its I/O request: 0x80001810\n"
    assert run.status == 0 and "hsm: done" in run.out, run
    assert (run.out + run.err).count(answer) == 2, run
