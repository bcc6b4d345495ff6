# SPDX-License-Identifier: BSD-3-Clause
"""Records of KVM's calls, among ACRN's: each is decoded by the row and the table that it says."""

import json
import struct
from typing import Any

import pytest

from acrn_trace.tables.knowledge import acrn
from helpers.make.hypercall_record import CAPTURED_OUT, CHANGED, block, memory, record
from helpers.shown_records import InC

ACRN, KVM, UNKNOWN = 0, 1, 0xFFFFFFFF
MINUS = (1 << 64) - 1


@pytest.fixture(scope="module", name="in_c")
def fixture_in_c() -> InC:
    return InC(acrn())


def event(in_c: InC, number: int, *args: int, **more: Any) -> dict[str, Any]:
    return json.loads(in_c.json_of(record(number, *args, **{"abi": KVM, **more})))


def line(in_c: InC, number: int, *args: int, **more: Any) -> str:
    raw = record(number, *args, **{"abi": KVM, **more})
    (call, *findings) = in_c.shown_as("text", raw).splitlines()[1:]
    return "\n".join([call.split("] ", 1)[1].split(" ", 1)[1].split(" <")[0], *findings])


def test_a_call_of_kvm(in_c):
    shown = event(in_c, 5, 0, 1, 7, 9, arguments=4)
    expected = {
        **{"abi": "kvm", "nr": "0x5", "name": "kick_cpu", "args": ["0x0", "0x1", "0x7", "0x9"]},
        **{"decoded": {"flags": 0, "apic_id": 1}, "ret": 0, "errno": None, "findings": []},
    }
    assert {key: shown[key] for key in expected} == expected
    assert line(in_c, 5, 0, 1, arguments=4) == "kvm:kick_cpu(flags=0, apic_id=1) = 0"


def test_the_same_number_is_another_call_of_another_hypervisor(in_c):
    assert event(in_c, 0x80000012, 3, abi=ACRN)["name"] == "start_vm"
    assert event(in_c, 0x80000012, 3)["name"] == "hypercall_0x80000012"
    assert event(in_c, 5, 3, abi=ACRN)["name"] == "hypercall_0x5"


@pytest.mark.parametrize(
    ("result", "shown", "name"),
    [
        (1000, "-1000 ENOSYS (Function not implemented)", "ENOSYS"),
        (95, "-95 EOPNOTSUPP (Operation not supported)", "EOPNOTSUPP"),
        (1, "-1 EPERM (Operation not permitted)", "EPERM"),
        (38, "-38", None),  # ACRN's ENOSYS
        (-3, "3", None),
    ],
)
def test_errors_are_those_of_kvm(in_c, result, shown, name):
    back = MINUS + 1 - result if result > 0 else -result
    assert (
        line(in_c, 0x63, result=back, arguments=0)
        == f"kvm:hypercall_0x63(0x0, 0x0, 0x0, 0x0) = {shown}"
    )
    assert event(in_c, 0x63, result=back)["errno"] == name
    assert event(in_c, 0x63, result=back)["findings"] == []


def test_errors_are_those_of_acrn_where_it_is_acrns(in_c):
    assert event(in_c, 0x80000012, 3, abi=ACRN, result=MINUS + 1 - 38)["errno"] == "ENOSYS"
    assert event(in_c, 0x80000012, 3, abi=ACRN, result=MINUS + 1 - 1000)["errno"] is None


def test_what_the_clock_was_is_a_structure(in_c):
    pairing = struct.pack("<qqQI", 1_700_000_000, 5, 0x1234, 0) + bytes(36)
    shown = {"blocks": memory(CAPTURED_OUT, 0x9000, pairing), "arguments": 4}
    assert event(in_c, 9, 0x9000, 0, **shown)["decoded"] == {
        "pairing": {"sec": "0x6553f100", "nsec": "0x5", "tsc": "0x1234", "flags": 0},
        "clock_type": "KVM_CLOCK_PAIRING_WALLCLOCK",
    }


def test_the_register_of_the_result_may_change_and_no_other(in_c):
    changed = struct.pack("<IIQQ", 3, 0, 1, 2)
    shown = event(in_c, 5, 0, 1, blocks=block(CHANGED, changed), arguments=4)
    assert shown["clobbered"] == {"rbx": ["0x1", "0x2"]}
    assert shown["findings"][0]["text"].startswith("kvm:kick_cpu changed rbx: 0x1 => 0x2")


def test_a_call_of_which_nothing_says_whose_it_is(in_c):
    shown = event(in_c, 5, 1, 2, abi=UNKNOWN)
    assert (shown["abi"], shown["name"], shown["findings"]) == ("unknown", "hypercall_0x5", [])
    assert line(in_c, 5, 1, 2, abi=UNKNOWN) == "unknown:hypercall_0x5(0x1, 0x2) = 0"
    assert event(in_c, 5, 1, 2, abi=77)["abi"] == "unknown"
