# SPDX-License-Identifier: BSD-3-Clause
"""An unmodified Linux under a played ACRN: its driver's ioctls, its own log, and the trace."""

import re
from pathlib import Path

import pytest

from helpers.canonical import events_of
from helpers.guests import Guest
from helpers.hsm_log import Ioctl, calls_of, decoded_at, ioctls_in
from helpers.linux import VMLINUX, qemu_arguments
from helpers.process import Run, run
from helpers.tracing import acrn_trace, gdb_at, gdb_command

ROUNDS = 100
KINDS = 22
LINUX_NAMES = {  # what Linux calls what ACRN calls otherwise
    "regions.regions_num",
    "regions.regions_gpa.points_to.0.user_vm_pa",
    "irq.intx.is_pic_pin",
    "device.res.0.service_vm_pa",
    "vm.uuid",
}


def traced(folder: Path, *kernel_parameters: str) -> tuple[Run, list[dict]]:
    output = folder / "trace.jsonl"
    run = acrn_trace(
        *("--mock", "acrn", "-f", "jsonl", "-o", output, VMLINUX, "--"),
        *qemu_arguments(f"hsm.rounds={ROUNDS}", *kernel_parameters),
        seconds=900,
    )
    assert (run.status, run.err) == (0, ""), run
    assert "hsm: done" in run.out
    return run, sorted(events_of(output), key=lambda event: event["seq"])


@pytest.fixture(scope="module", params=["kaslr", "nokaslr"])
def linux(request, tmp_path_factory) -> tuple[list[Ioctl], list[dict]]:
    """The guest's log and the trace of one run."""
    run, events = traced(tmp_path_factory.mktemp(request.param), request.param)
    moved = [event for event in events if int(event["site"], 16) >= 0xFFFF_FFFF_8200_0000]
    assert bool(moved) == (request.param == "kaslr")
    return ioctls_in(run.out), events


def of_task(events: list[dict], task: str) -> list[dict]:
    return [event for event in events if event["task"]["comm"] == task]


@pytest.mark.parametrize("task", ["init", "busy0", "busy1"])
def test_log_and_trace_agree_call_by_call(linux, task):
    log, events = linux
    mine = [ioctl for ioctl in log if ioctl.task == task]
    expected = [(ioctl, call) for ioctl in mine for call in calls_of(ioctl)]
    seen = of_task(events, task)
    assert [event["name"] for event in seen] == [call.name for _, call in expected]
    for event, (ioctl, call) in zip(seen, expected):
        assert event["ret"] == call.ret, (event, ioctl)
        assert event["task"]["tgid"] == ioctl.pid
        for path, value in call.values.items():
            assert decoded_at(event, path) == value, (path, event, ioctl)


def test_nothing_is_in_the_trace_that_nobody_asked_for(linux):
    log, events = linux
    assert len(events) == sum(len(calls_of(ioctl)) for ioctl in log)
    assert {event["answered_by"] for event in events} == {"mock"}
    assert {event["status"] for event in events} == {"returned"}
    assert all(event["clobbered"] == {} for event in events)


def test_every_kind_of_call_that_the_driver_makes_is_there(linux):
    _, events = linux
    assert len({event["name"] for event in events}) == KINDS
    assert not any(event["name"].startswith("hypercall_0x") for event in events)


def test_two_vcpus_are_busy_at_once_and_lose_nothing(linux):
    _, events = linux
    runs = {}
    for number, task in enumerate(("busy0", "busy1")):
        mine = of_task(events, task)
        data = [decoded_at(e, "msi.msi_data") for e in mine if e["name"] == "inject_msi"]
        assert data == list(range(ROUNDS))
        assert {e["vcpu"] for e in mine if e["name"] == "inject_msi"} == {number}
        runs[task] = [event["seq"] for event in mine]
    first, second = runs.values()
    assert first[0] < second[-1] and second[0] < first[-1]


def test_the_caller_is_never_a_wrapper(linux):
    _, events = linux
    for event in events:
        assert re.fullmatch(r".*/drivers/virt/acrn/\w+\.c", event["file"]), event
        assert "hypercall" not in event["symbol"] and "hcall" not in event["symbol"]
    made = {event["name"]: event["symbol"] for event in events}
    assert made["create_vm"] == "acrn_vm_create"
    assert made["set_memory_regions"] in ("acrn_vm_ram_map", "modify_region")
    assert made["pm_get_cpu_state"] == "pmcmd_ioctl"


def test_structures_have_linuxs_names(linux):
    _, events = linux
    found = set()
    for event in events:
        for path in LINUX_NAMES - found:
            try:
                decoded_at(event, path)
            except (KeyError, IndexError, TypeError):
                continue
            found.add(path)
    assert found == LINUX_NAMES


def test_the_sites_are_told_apart():
    listed = acrn_trace("sites", VMLINUX).out.splitlines()
    foreign = [line for line in listed if "(VMware's)" in line]
    assert len(listed) - 2 - len(foreign) == 29 and len(foreign) >= 3
    assert all(line.split()[-1].startswith("vmware_") for line in foreign)
    assert not any(" ? " in line for line in listed)


def test_a_kernel_that_runs_already_is_located(folder):
    """Booted without a RAM disk it ends in a panic, whose loop it stands in when GDB comes."""
    line = qemu_arguments("panic=0")
    at = line.index("-initrd")
    del line[at : at + 2]
    with Guest(folder, line) as guest:
        booted = gdb_at(guest, VMLINUX, "hypercall trace", "hbreak panic", "continue", "detach")
        assert "above its link address" in booted.out and "hit Breakpoint 1" in booted.out
        late = gdb_at(guest, VMLINUX, "hypercall trace", "x/s linux_banner", "kill")
    assert '"Linux version 6.1' in late.out


def test_a_user_vms_requests_reach_the_driver_by_upcalls(folder):
    """Port 0xcf8 is the driver's own business: a write is remembered, a read answered with it."""
    finished = "tcatch hypercall -r notify_request_finish"
    with Guest(folder, qemu_arguments("hsm.rounds=1")) as guest:
        commands = gdb_command(
            VMLINUX,
            f"target remote {guest.socket}",
            "hypercall mock acrn",
            "tcatch hypercall -r start_vm if $_hypercall_ret == 0",
            "continue",
            "hypercall mock ioreq 2 0 pio write 0xcf8 4 0x80001810",
            *(finished, "continue", "bt"),
            "hypercall mock ioreq 2 0 pio read 0xcf8 4",
            *(finished, "continue"),
            "hypercall mock ioreq 2 0",
            "kill",
        )
        gdb = run(commands, seconds=900)
    assert gdb.out.count("vCPU 0 of VM 2 made an I/O request: vector 0xf3\n") == 2, gdb
    assert "ioreq_dispatcher (" in gdb.out  # what the upcall's handler has the kernel do
    assert "vCPU 0 of VM 2 has the answer to its I/O request: 0x80001810\n" in gdb.out


def test_a_call_by_hand_leaves_the_kernel_as_it_was(folder):
    """Linux reserves no page for it: the call is made at one of the driver's own sites."""
    registers = "info registers rax rbx rcx rdx rsi rdi rbp rsp r8 r15 rip eflags"
    with Guest(folder, qemu_arguments("hsm.rounds=1")) as guest:
        commands = gdb_command(
            VMLINUX,
            f"target remote {guest.socket}",
            "hypercall mock acrn",
            *("tcatch hypercall -r create_vm", "continue", "echo BEFORE\\n", registers),
            *("echo CALL\\n", "hypercall call start_vm 9", "hypercall call pause_vm 1"),
            *("echo AFTER\\n", registers, "echo END\\n", "continue"),
        )
        gdb = run(commands, seconds=900)
        console = guest.finished().out
    before, calls, after = re.split("BEFORE\n|CALL\n|AFTER\n|END\n", gdb.out)[1:4]
    assert before == after
    assert re.findall(r"^\[\d\] [\d.]+ (\w+)\(.*= (-?\d+)", calls, re.M) == [
        ("start_vm", "-1"),
        ("pause_vm", "-1"),
    ]
    assert "by hand at" in calls and "hsm: done" in console
