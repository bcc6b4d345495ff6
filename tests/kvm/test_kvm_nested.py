# SPDX-License-Identifier: BSD-3-Clause
"""A guest of a real KVM is traced, dumped and read through KVM's nested page tables."""

import re
from collections import Counter

import pytest

from helpers import kvm
from helpers.guest_log import logged_calls, result_of
from helpers.canonical import events_of
from helpers.guests import Guest
from helpers.tracing import acrn_trace, gdb_at

SITES = {1: {"poll_irq", "rewritten"}, 5: {"kick", "user_main"}, 10: {"send_ipi"}}
SITES |= {9: {"pair_clock", "pair_no_clock"}, 12: {"share_page"}, 2: {"refused"}, 11: {"yield_to"}}
SITES |= {99: {"refused", "user_main"}}
# The last where Linux has found its own TSC to be unsteady: on a machine that is busy.
ERRORS = {-1: "EPERM", -14: "EFAULT", -1000: "ENOSYS", -95: "EOPNOTSUPP"}
NESTED = re.compile(r"the guest is nested: its memory is read through the nested page table at 0x")


@pytest.fixture(scope="module", autouse=True)
def built() -> None:
    kvm.build()


def made(event: dict) -> tuple[int, tuple[int, ...], int | None]:
    args = tuple(int(arg, 16) for arg in event["args"])
    return int(event["nr"], 16), args, result_of(event)


def clocks_read(events: list[dict]) -> list[list[int]]:
    """What each call that pairs clocks has written: seconds, nanoseconds, the guest's TSC."""
    calls = [e for e in events if e["symbol"].split(".")[0] == "pair_clock" and e["ret"] == 0]
    paired = [event["decoded"]["pairing"] for event in calls]
    return [[int(one[name], 16) for name in ("sec", "nsec", "tsc")] for one in paired]


def clocks_logged(printed: str) -> list[list[int]]:
    found = re.findall(r"^clock (0x\w+) (0x\w+) (0x\w+)", printed, re.MULTILINE)
    clocks = [[int(word, 16) for word in words] for words in found]
    return [clock for clock in clocks if any(clock)]


@pytest.mark.parametrize("vcpus", [2, pytest.param(1, marks=pytest.mark.long)])
def test_each_call_of_the_guests_log_is_an_event_and_none_is_two(vcpus, folder):
    """From CPL 3 as well, and by a VMCALL that KVM makes a VMMCALL."""
    options = ["-f", "jsonl", "-o", folder / "trace"]
    line = kvm.arguments_of("calls=2", "user", vcpus=vcpus)
    traced = acrn_trace(*options, kvm.IMAGE, "--", *line)
    assert traced.status == 0, traced
    logged, events = logged_calls(traced.out), events_of(folder / "trace")
    assert len(logged) == 2 * 2 * 4 + 7 + 2
    assert Counter(event["status"] for event in events) == {"returned": len(logged)}
    assert Counter(map(made, events)) == Counter(
        (call.number, call.args, call.result) for call in logged
    )
    errors = {event["ret"]: event["errno"] for event in events if event["ret"] < 0}
    assert errors.items() <= ERRORS.items() and -1000 in errors
    assert [event["findings"] for event in events if event["findings"]] == []
    assert clocks_read(events) == clocks_logged(traced.out)
    callers = Counter(event["symbol"].split(".")[0] for event in events)
    for number, functions in SITES.items():
        assert any(call.number == number for call in logged) and functions <= callers.keys()
    assert callers["rewritten"] == 2 and callers["poll_irq"] == 4
    assert all(event["clobbered"] == {} for event in events)


def test_in_a_stopped_guest_and_in_a_dump_of_the_machine_its_memory_is_read(folder):
    """The function that it stands in, and what its own page tables are."""
    dump = folder / "dump"
    with Guest(folder, kvm.arguments_of()) as guest:
        said = gdb_at(
            guest,
            kvm.IMAGE,
            "hbreak refused",
            "continue",
            "hypercall nested",
            "hypercall gpa 0x1000ff8 8",
            "print/x $_gpa(0x1000ff8)",
            "print/x $_gpa(0x40000000)",
            f"monitor dump-guest-memory {dump}",
            "kill",
        )
    assert re.search(
        r"vCPU 0: a nested guest, by the nested page table at 0x\w+, [45] levels", said.out
    )
    assert "0x1000ff8:\t0x27\t0x10\t0x00\t0x01" in said.out  # the table of MAPPED_AT's half
    assert "$1 = 0x1001027" in said.out
    assert "8 bytes at guest-physical 0x40000000 cannot be read: guest-physical" in said.err
    told = acrn_trace("diagnose", dump, kvm.IMAGE)
    assert re.search(r"vCPU 0 is in the guest, at refused", told.out), told
    assert "The guest is nested: its memory is read through" in " ".join(told.out.split())
