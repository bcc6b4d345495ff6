# SPDX-License-Identifier: BSD-3-Clause
"""What is said of somebody's first mistakes (guests/wrong_calls.c), and that right calls get none.

Each line is without its place and its times. Behind it are the findings.
"""

import re

import pytest

from acrn_trace.tables.errnos import errno_text
from helpers.canonical import REPEATED
from helpers.engines import in_each_engine
from helpers.guests import build_test_guests, common_arguments
from helpers.process import Run, run
from helpers.tracing import acrn_trace
from helpers.tree import GUESTS, HYPERVISOR, LAUNCHER

EPERM, EINVAL, ENOTTY = (f"{ret}{errno_text(ret)}" for ret in (-1, -22, -25))
LEFT = "ACRN looks at the low 8 bits alone and calls pause_vm"
IRQ = "type=ACRN_PTDEV_INTX, virt_bdf=0x0, phys_bdf=0x0, intx={virt_pin=0, phys_pin=0, pic_pin="

# A mock says itself that the VM is running; without one the calls before tell.
STARTED = "start_vm answered -1: "
LINE = "set_ptdev_intr_info answered -1: "
WHY = {
    "acrn": "the VM is running",
    None: "it needs VM 2 created, and call 2 started it",
}

NUMBERS = [
    ("start_vm(vmid=2) = 0", "start_vm reads 16 bits of RDI, 0xdead0002 has more: vmid=2"),
    (f"start_vm(vmid=2) = {EPERM}", STARTED),
    (f"start_vm(vmid=2) = {EPERM}", STARTED),
    (
        "notify_request_finish(vmid=2, vcpu=0) = 0",
        "notify_request_finish reads 16 bits of RSI, 0x10000 has more: vcpu=0 is what ACRN takes",
    ),
    ("notify_request_finish(vmid=2, vcpu=0) = 0",),
    ("service_vm_offline_cpu(lapic_id=119) = 0", "service_vm_offline_cpu: it answers 0 also when"),
    (
        f"tee_vcpu_boot_done(start_ree=0xffff0000) = {ENOTTY}",
        "tee_vcpu_boot_done answered ENOTTY: the caller is not permitted",
    ),
]
BOOLEANS = [
    (
        f"set_ptdev_intr_info(vmid=2, irq={{{IRQ}254}}}}) = {EPERM}",
        "set_ptdev_intr_info has 254 in irq.intx.pic_pin, which is a bool to ACRN: 0 or 1",
        LINE,
    ),
    (f"set_ptdev_intr_info(vmid=2, irq={{{IRQ}1}}}}) = {EPERM}", LINE),
]
VERSION = "{major_version=1, minor_version=0}"
HYPERVISORS_MEMORY = (
    f"get_api_version(version=0x2000000) = {EINVAL}",
    "get_api_version answered EINVAL: version is at 0x2000000, not the guest's memory",
)
ADDRESSES = [
    (f"get_api_version(version=0x0 {VERSION}) = 0",),
    (f"get_api_version(version={VERSION}) = 0",),
    (f"get_api_version(version=0x5002 {VERSION}) = 0",),
    HYPERVISORS_MEMORY,
    (
        f"get_api_version(version=0x900000000) = {EINVAL}",
        "get_api_version answered EINVAL: version is at 0x900000000, no memory there",
    ),
]
NOT_MAPPED = tuple(
    text.replace("no memory there", "not the guest's memory") for text in ADDRESSES[-1]
)
OTHERS = [
    (
        "hypercall_0xffffffff80000013(0x2, 0x0) = 0",
        f"R8 is 0xffffffff80000013, whose upper bits are not 0x800000: {LEFT}",
        "the guest's own code at PLACE: number-sign-extended: ",
    ),
    ("notify_request_finish(vmid=2, vcpu=0) = 0",),
    (
        "notify_request_finish(vmid=2, vcpu=0) = 0",
        "the guest's own code at PLACE: r8-never-loaded: R8 is never loaded: it holds what the "
        "caller left",
    ),
    (
        f"set_callback_vector(vector=0x5840) = {EINVAL}",
        "the guest's own code at PLACE: argument-in-part: 'movb (%rdi), %dil' at 0x",
    ),
    ("set_callback_vector(vector=0x40) = 0",),
]
VMS = [
    (f"start_vm(vmid=17) = {ENOTTY}", "start_vm answered ENOTTY: VM 17 was not created in this"),
    (f"start_vm(vmid=3) = {EPERM}", "start_vm answered -1: VM 3 was not created in this trace"),
    ("pause_vm(vmid=2) = 0",),
    ("destroy_vm(vmid=2) = 0",),
    (f"start_vm(vmid=2) = {EPERM}", "start_vm answered -1: VM 2 was destroyed by call 25"),
]
CALLS = 3 + len(NUMBERS + BOOLEANS + ADDRESSES + OTHERS + VMS)
ALONE = ["-kernel", GUESTS / "wrong_calls.elf"]


def under_hypervisor(name: str) -> list[object]:
    return [*common_arguments(), "-kernel", HYPERVISOR, "-initrd", GUESTS / f"{name}.elf"]


def calls_of(text: str) -> list[list[str]]:
    """Each call with its findings; of a finding at a place, ``PLACE``."""
    calls: list[list[str]] = []
    for line in text.splitlines():
        if line.startswith("[0] "):
            line = line.replace(REPEATED, "")  # by QEMU, which is chance
            calls.append([re.sub(r"^\[0\] \d+\.\d+ | <\d+\.\d+> at .*$", "", line)])
        elif line.startswith("!! "):
            calls[-1].append(re.sub(r"(?<= at )wrong_calls.c:\d+ [\w.]+", "PLACE", line[3:]))
    return calls


def assert_said(found: list[list[str]], wanted: list[tuple[str, ...]]) -> None:
    """The same calls with as many findings each, which begin as is wanted."""
    assert [call[0] for call in found] == [call[0] for call in wanted]
    for (_, *said), (call, *begin) in zip(found, wanted):
        assert len(said) == len(begin), (call, said)
        assert all(a.startswith(b) for a, b in zip(said, begin)), (call, said)


def why_refused(found: list[list[str]]) -> set[str]:
    """Why a VM that runs is not started, or given a line."""
    texts = (text for _, *said in found for text in said)
    return {
        text.removeprefix(call)
        for text in texts
        for call in (STARTED, LINE)
        if text.startswith(call) and ": VM " not in text
    }


@pytest.fixture(scope="module", autouse=True)
def guests() -> None:
    build_test_guests()


def traced(*options: object, machine=None) -> Run:
    image = GUESTS / "wrong_calls.elf"
    done = acrn_trace(*options, image, "--", *(machine or under_hypervisor("wrong_calls")))
    assert done.status in (0, 1), done
    return done


@in_each_engine
def test_each_mistake_is_told_and_no_right_call_is_accused(engine, folder):
    """Where nothing is mapped for the guest the plugin, which has seen VMRUN, does not ask what the
    machine has there."""
    traced("--engine", engine, "-o", folder / "trace")
    found = calls_of((folder / "trace").read_text())
    # Of the last address, which holds what the firmware left there, the call alone is known.
    at_null = found.pop(2 + len(NUMBERS + BOOLEANS + ADDRESSES))
    assert at_null[0].startswith("vm_gpa2hpa(vmid=2, translation=0x0 {gpa=")
    addresses = ADDRESSES if engine == "gdb" else [*ADDRESSES[:-1], NOT_MAPPED]
    assert_said(found[2:], NUMBERS + BOOLEANS + addresses + OTHERS + VMS)
    assert all(len(call) == 1 for call in found[:2])  # create_vm, set_ioreq_buffer
    assert why_refused(found) == {WHY[None]}


def test_a_mock_is_asked_the_same(folder):
    """But that the machine's memory is all the guest's, which it is told of."""
    there = (f"get_api_version(version={VERSION}) = 0",)
    addresses = [there if one is HYPERVISORS_MEMORY else one for one in ADDRESSES]
    machine = [*common_arguments(), *ALONE]
    traced("-o", folder / "trace", "--mock", "acrn", machine=machine)
    found = calls_of((folder / "trace").read_text())
    del found[2 + len(NUMBERS + BOOLEANS + ADDRESSES)]
    assert_said(found[2:], NUMBERS + BOOLEANS + addresses + OTHERS + VMS)
    assert why_refused(found) == {WHY["acrn"]}


def test_every_address_with_v_and_the_report_is_the_trace(folder):
    traced("-f", "jsonl", "-o", folder / "trace.jsonl")
    brief = run([LAUNCHER, "report", folder / "trace.jsonl"]).out
    verbose = run([LAUNCHER, "report", "-v", folder / "trace.jsonl"]).out
    assert f"get_api_version(version={VERSION})" in brief
    assert f"get_api_version(version={VERSION})" not in verbose
    assert f"get_api_version(version=0x5000 {VERSION})" in verbose
    assert re.search(r"create_vm\(vm=0x4[0-9a-f]{5} \{name=", verbose)
    again = calls_of(brief)
    del again[2 + len(NUMBERS + BOOLEANS + ADDRESSES)]
    assert_said(again[2:], NUMBERS + BOOLEANS + ADDRESSES + OTHERS + VMS)


@in_each_engine
@pytest.mark.parametrize(
    "key, kind",
    [("finding", "argument"), ("finding", "address"), ("finding", "no-vm"), ("status", "failed")],
)
def test_a_run_fails_on_each_kind_and_shows_it_or_the_others(key, kind, engine, folder):
    trace, by = folder / "trace", ("--engine", engine)
    assert traced(*by, "-o", trace, "--fail-on", kind, "-e", f"{key}={kind}").status == 1
    found = calls_of(trace.read_text())
    assert found and (key == "status" or all(len(call) > 1 for call in found))
    assert traced(*by, "-o", trace, "--fail-on", kind, "-e", f"{key}=!{kind}").status == 0
    assert len(found) + len(calls_of(trace.read_text())) == CALLS


def test_the_calls_of_a_function_that_is_inlined_are_selected(folder):
    traced("-o", folder / "trace", "-e", "site=booleans")
    assert_said(calls_of((folder / "trace").read_text()), BOOLEANS)


def test_a_guest_that_records_itself_is_told_the_same(folder):
    """As far as a record tells: nothing of memory, of calls before, and of the code at the site."""
    image = GUESTS / "wrong_calls_ring.elf"
    machine = under_hypervisor("wrong_calls_ring")
    done = acrn_trace("record", "-o", folder / "trace", image, "--", *machine)
    assert done.status == 0, done
    report = run([LAUNCHER, "report", "--fail-on", "argument", folder / "trace"])
    assert report.status == 1, report
    said = [call[1:] for call in calls_of(report.out) if len(call) > 1]
    wanted = [call[1] for call in NUMBERS + ADDRESSES + OTHERS if len(call) > 1]
    wanted = [
        text
        for text in wanted
        if not re.search("ENOTTY|answered -1|no memory|the guest's own", text)
    ]
    assert [text for call in said for text in call if "0x900000000" not in text] == [
        next(text for call in said for text in call if text.startswith(begin)) for begin in wanted
    ]
    assert "version is at 0x900000000, not the guest's memory\n" in report.out
