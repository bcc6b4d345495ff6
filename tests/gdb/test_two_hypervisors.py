# SPDX-License-Identifier: BSD-3-Clause
"""A guest that calls ACRN and KVM: each site's call is read, shown and answered by its own row."""

import re

import pytest

from helpers.canonical import events_of
from helpers.guests import common_arguments
from helpers.tracing import acrn_trace

MODEL = """
@model.call("kvm:clock_pairing")
def clock_pairing(call):
    call.pairing.sec = 1234
    return 0

@model.call("kvm:0x63")
def unknown(call):
    assert call.args[0] == 5 and call.name == "kvm:hypercall_0x63"
    return -1000
"""
KICKED = "kvm:kick_cpu(flags=0, apic_id=1) = -95 EOPNOTSUPP (Operation not supported) (MOCKED)"
PAIRED = (
    "kvm:clock_pairing(clock_type=KVM_CLOCK_PAIRING_WALLCLOCK, "
    "pairing={sec=0x4d2, nsec=0x0, tsc=0x0, flags=7}) = 0 (MOCKED)"
)


@pytest.fixture(name="traced")
def fixture_traced(test_guest, folder):
    """Run the guest with options, answered by a mock: what was printed, and by whom."""
    (folder / "model.py").write_text(MODEL)
    mocks = ["acrn", "kvm:kick_cpu -EOPNOTSUPP", str(folder / "model.py")]

    def run(*options, image=test_guest("mixed")):
        mocked = [word for mock in mocks for word in ("--mock", mock)]
        return acrn_trace(*options, *mocked, image, "--", *common_arguments())

    return run


def calls(text: str) -> list[str]:
    """The lines of calls, without their vCPU, times and places."""
    lines = re.findall(r"^\[0\] \S+ (.*?) <\S+> at", text, re.MULTILINE)
    return [re.sub(r"\(0x5, .*?\)", "(0x5, …)", line) for line in lines]


def test_each_call_is_shown_by_its_own_row(traced):
    run = traced("-e", "trace=all")
    assert run.out.splitlines()[:3] == ["create_vm: 0", "kick_cpu: -95", "clock_pairing: 0"]
    assert "sec: 1234\n0x63: -1000\n" in run.out
    shown = calls(run.err)
    assert shown[0].startswith("create_vm(vm={") and shown[1:3] == [KICKED, PAIRED]
    unknown = "kvm:hypercall_0x63(0x5, …) = -1000 ENOSYS (Function not implemented) (MOCKED)"
    assert shown[3:] == [unknown, "start_vm(vmid=1) = -1 (failed; = EPERM)"]
    findings = [line for line in run.err.splitlines() if line.startswith("!! ")]
    assert findings == ["!! start_vm answered -1: VM 1 was not created in this trace"]


def test_an_event_says_whose_call_it_is(traced, folder):
    traced("-e", "trace=all", "-f", "jsonl", "-o", folder / "trace")
    events = events_of(folder / "trace")
    assert [(event["abi"], event["name"], len(event["args"])) for event in events] == [
        *(("acrn", "create_vm", 2), ("kvm", "kick_cpu", 4), ("kvm", "clock_pairing", 4)),
        *(("kvm", "hypercall_0x63", 4), ("acrn", "start_vm", 2)),
    ]
    assert [event["errno"] for event in events] == [
        *(None, "EOPNOTSUPP", None, "ENOSYS", "EPERM"),
    ]
    shown = acrn_trace("report", folder / "trace").out
    assert calls(shown)[1:3] == [KICKED, PAIRED]


@pytest.mark.parametrize(
    ("expression", "names"),
    [
        ("kvm:kick_cpu", ["kvm:kick_cpu"]),
        ("kvm:9,start_vm", ["kvm:clock_pairing", "start_vm"]),
        ("%kvm", ["kvm:kick_cpu", "kvm:clock_pairing", "kvm:hypercall_0x63"]),
        ("!%kvm", ["create_vm", "start_vm"]),
        ("%acrn", ["create_vm", "start_vm"]),
        ("kvm:/^kick/", ["kvm:kick_cpu"]),
        ("/_cpu$", ["kvm:kick_cpu"]),
    ],
)
def test_calls_are_selected_by_hypervisor(traced, folder, expression, names):
    """In what is traced, and in what is read from a file."""
    traced("-q", "-e", "trace=all", "-f", "jsonl", "-o", folder / "trace")
    shown = acrn_trace("report", "-e", f"trace={expression}", folder / "trace").out
    assert [line.split("(")[0] for line in calls(shown)] == names


def test_an_injection_has_the_errors_of_the_hypervisor(traced):
    assert "kick_cpu: -1000\n" in traced("-e", "inject=kvm:kick_cpu:error=ENOSYS").out
    wrong = traced("-e", "inject=kvm:kick_cpu:error=ENOTTY")
    assert (wrong.status, "no such error of KVM" in wrong.err) == (2, True)


def test_sites_are_listed_with_hypervisor_name_and_number(test_guest):
    listed = acrn_trace("sites", test_guest("mixed")).out
    for call in ("kvm:kick_cpu (0x5)", "kvm:clock_pairing (0x9)", "create_vm", "start_vm"):
        assert re.search(rf"^0x\w+ {re.escape(call)} +", listed, re.MULTILINE)
    assert listed.endswith("; 3 of another hypervisor\n")


def test_where_no_code_tells_the_signature_that_was_seen_does(test_guest):
    """Before it is seen the main ABI is taken, whose number is another register's."""
    mocks = ["--mock", "0 7", "--mock", "kvm:kick_cpu 0"]
    run = acrn_trace(*mocks, test_guest("signed"), "--", *common_arguments())
    assert run.out == "before: 7\nafter: 0\n"
    assert calls(run.err) == [
        "hypercall_0x0(0x1, 0x0) = 7 (MOCKED)",
        "kvm:kick_cpu(flags=0, apic_id=2) = 0 (MOCKED)",
    ]


@pytest.mark.parametrize(
    ("options", "names"),
    [
        ([], ["create_vm", "start_vm"]),
        (["-e", "status=failed"], ["start_vm"]),
        (["-f", "jsonl"], ["create_vm", "start_vm"]),
    ],
)
def test_the_calls_of_the_one_that_the_guest_found_are_shown(traced, folder, options, names):
    """By CPUID, which the mock answers. The others are made and answered all the same."""
    run = traced(*options, "-o", folder / "trace")
    assert "kick_cpu: -95\nclock_pairing: 0\n" in run.out
    shown = acrn_trace("report", folder / "trace") if "jsonl" in options else None
    lines = calls(shown.out if shown else (folder / "trace").read_text())
    assert [line.split("(")[0] for line in lines] == names
    said = "calls of kvm's are made as well, and not shown: the guest's CPUID has named acrn; "
    assert (run.err + (folder / "trace").read_text()).count(f"{said}-e trace=all shows them") == 1


def test_those_that_were_asked_for_are_shown_whatever_the_guest_found(traced):
    run = traced("-e", "%kvm")
    assert calls(run.err)[:2] == [KICKED, PAIRED] and "not shown" not in run.err
