# SPDX-License-Identifier: BSD-3-Clause
"""Records of version 2 (cstub/include/hypercall_record.h): what is read of one, and which are none.

Their memory is by guest-physical address, so that more of a call is known than of a ring's record.
"""

import json
import struct
from typing import Any

import pytest

from acrn_trace.tables.knowledge import acrn
from acrn_trace.trace.trees import MAX_DEPTH, MAX_ELEMENTS
from helpers.make.hypercall_record import (
    CALLED,
    CAPTURED_IN,
    CAPTURED_OUT,
    CHANGED,
    ENTRY_REGISTERS,
    HEAD,
    RETURN_REGISTERS,
    UNKNOWN32,
    UNREADABLE_IN,
    UNREADABLE_OUT,
    WAS_READ,
    block,
    memory,
    record,
    unreadable,
)
from helpers.make.odd_types import odd
from helpers.shown_records import InC

REGISTERS = 17
CREATE_VM, REGIONS, PROFILING, GPA2HPA = 0x80000010, 0x80000042, 0x80000062, 0x80000041
SET_IOREQ_BUFFER = 0x80000030


@pytest.fixture(scope="module", name="in_c")
def fixture_in_c() -> InC:
    return InC(acrn())


@pytest.fixture(scope="module", name="in_odd")
def fixture_in_odd() -> InC:
    return InC(odd())


def event(in_c: InC, *args: Any, **more: Any) -> dict[str, Any]:
    return json.loads(in_c.json_of(record(*args, **more)))


def test_what_its_head_says(in_c):
    shown = event(in_c, 0x80000012, 3)
    expected = {
        **{"time": 3.000001, "duration": 3e-06, "clock": "host", "vcpu": 1, "return_vcpu": 2},
        **{"name": "start_vm", "ret": 0, "status": "returned", "ring": 7, "sequence": 5},
        **{"site": "0xffffffff80001234", "decoded": {"vmid": 3}},
    }
    assert {key: shown[key] for key in expected} == expected


def test_a_call_in_flight_has_no_end(in_c):
    shown = event(in_c, 0x80000012, 3, state=CALLED, result=5)
    assert (shown["status"], shown["ret"], shown["duration"]) == ("unfinished", None, None)


def region(kind: int, gpa: int) -> bytes:
    return struct.pack("<IIQQQ", kind, 0x47, gpa, 0x1000, 0x2000)


REGION = {"prot": "ACRN_MEM_READ|ACRN_MEM_WRITE|ACRN_MEM_EXECUTE|ACRN_MEM_WRITE_BACK"}
REGION |= {"gpa": "0x5000", "service_vm_gpa": "0x1000", "size": "0x2000"}


def test_a_pointer_leads_to_memory_that_was_captured_as_far_as_it_was(in_c):
    regions = memory(CAPTURED_IN, 0x9000, struct.pack("<HHIIIQ", 1, 0, 0, 3, 0, 0x9100))
    two = memory(CAPTURED_IN, 0x9100, region(0, 0x5000) + region(2, 0x5000) + b"part")
    assert event(in_c, REGIONS, 0x9000, blocks=regions + two)["decoded"]["regions"] == {
        **{"vmid": 1, "mr_num": 3},
        "regions_gpa": {
            "address": "0x9100",
            "points_to": [
                {"type": "ACRN_MR_ADD", **REGION},
                {"type": "ACRN_MR_DELETE", **REGION},
                "0x9140",
            ],
        },
    }


def test_a_pointer_is_an_address_where_nothing_was_captured(in_c):
    regions = memory(CAPTURED_IN, 0x9000, struct.pack("<HHIIIQ", 1, 0, 0, 3, 0, 0x9100))
    elsewhere = memory(CAPTURED_IN, 0x9101, region(0, 0x5000))
    shown = event(in_c, REGIONS, 0x9000, blocks=regions + elsewhere)["decoded"]["regions"]
    assert shown["regions_gpa"] == "0x9100"
    assert event(in_c, REGIONS, 0x8FFF, blocks=regions)["decoded"] == {"regions": "0x8fff"}


def test_a_structure_may_be_inside_of_what_was_captured(in_c):
    page = memory(CAPTURED_OUT, 0x9000, bytes(0x10) + struct.pack("<QQ", 1, 2) + bytes(8))
    assert event(in_c, GPA2HPA, 0, 0x9010, blocks=page)["decoded"]["translation"] == {
        "gpa": "0x1",
        "hpa": "0x2",
    }


def test_what_was_read_is_shown_as_it_was_read(in_c):
    """What is not in the record is as at the call, or was not to be had, and that is said."""
    regions = memory(CAPTURED_IN, 0x9000, struct.pack("<HHIIIQ", 1, 0, 0, 2, 0, 0x9100))
    regions += memory(CAPTURED_IN, 0x9100, region(0, 0x5000))
    regions += unreadable(UNREADABLE_IN, 0x9100, 64, "memory ends at 0x911f")
    regions += unreadable(UNREADABLE_IN, 0x9120, 32, "no memory there")
    shown = event(in_c, REGIONS, 0x9000, blocks=regions, flags=WAS_READ)["decoded"]["regions"]
    assert shown["regions_gpa"]["points_to"] == [
        {"type": "ACRN_MR_ADD", **REGION},
        {"address": "0x9120", "unreadable": "no memory there"},
    ]
    nothing = event(in_c, REGIONS, 0x9000, flags=WAS_READ)["decoded"]["regions"]
    assert nothing == {"address": "0x9000", "unreadable": "its memory is not at hand"}


def test_what_is_as_at_the_call_is_not_in_the_record_twice(in_c):
    before = memory(CAPTURED_IN, 0x9010, struct.pack("<QQ", 1, 2))
    same = event(in_c, GPA2HPA, 0, 0x9010, blocks=before, flags=WAS_READ)
    assert same["decoded"]["translation"] == {"gpa": "0x1", "hpa": "0x2"}
    after = memory(CAPTURED_OUT, 0x9010, struct.pack("<QQ", 1, 3))
    other = event(in_c, GPA2HPA, 0, 0x9010, blocks=before + after, flags=WAS_READ)
    assert other["decoded"]["translation"] == {"gpa": "0x1", "hpa": {"in": "0x2", "out": "0x3"}}
    gone = unreadable(UNREADABLE_OUT, 0x9010, 16, "no memory there")
    gone = event(in_c, GPA2HPA, 0, 0x9010, blocks=before + gone, flags=WAS_READ)
    assert "no memory there" in str(gone["decoded"]["translation"])


@pytest.mark.parametrize(
    "payload",
    [
        bytes(15),  # no room for what could not be read
        bytes(16) + b"nothing of it",
        struct.pack("<QQ", 0x9000, 8) + b'"',
        struct.pack("<QQ", 0x9000, 8) + b"\\",
        struct.pack("<QQ", 0x9000, 8) + b"\x1b[2J",
        struct.pack("<QQ", 0x9000, 8) + "\u202e".encode(),
    ],
)
def test_a_reason_that_can_be_none_is_refused(payload, in_c):
    for kind in (UNREADABLE_IN, UNREADABLE_OUT):
        assert not in_c.json_of(record(GPA2HPA, 0, 0x9000, blocks=block(kind, payload)))


def test_what_another_argument_selects_is_decoded_too(in_c):
    before = memory(CAPTURED_IN, 0x9000, struct.pack("<IiQ", 1, 0, 1))
    after = memory(CAPTURED_OUT, 0x9000, struct.pack("<IiQ", 1, 0, 3))
    assert event(in_c, PROFILING, 3, 0x9000, blocks=before + after)["decoded"] == {
        "command": "ACRN_PROFILING_GET_CONTROL_SWITCH",
        "data": {
            "collector_id": "ACRN_COLLECT_POWER_DATA",
            "switches": {
                "in": "ACRN_PROFILING_CORE_PMU_SAMPLING",
                "out": "ACRN_PROFILING_CORE_PMU_SAMPLING|ACRN_PROFILING_CORE_PMU_COUNTING",
            },
        },
    }


def test_changes_behind_a_pointer_are_found_there(in_c):
    both = b""
    for kind, state in ((CAPTURED_IN, 0), (CAPTURED_OUT, 2)):
        request = bytearray(256)
        struct.pack_into("<I", request, 136, state)
        both += memory(kind, 0x9000, struct.pack("<Q", 0xA000))
        both += memory(kind, 0xA000, bytes(request) * 16)
    buffer = event(in_c, SET_IOREQ_BUFFER, 1, 0x9000, blocks=both)["decoded"]["buffer"]
    slots = buffer["gpa"]["points_to"]["req_slot"]
    assert [slot["processed"] for slot in slots] == [
        {"in": "ACRN_IOREQ_PENDING", "out": "ACRN_IOREQ_PROCESSING"}
    ] * 16


TAKE_NODE = 0x80000009  # of the odd hypervisor: nodes that lead to nodes


def node(following: int, count: int = 0, many: int = 0) -> bytes:
    return struct.pack("<QIIQ", following, 1, count, many)


def test_pointers_that_lead_to_themselves_are_followed_so_far(in_odd):
    tree = event(in_odd, TAKE_NODE, 0x9000, blocks=memory(CAPTURED_IN, 0x9000, node(0x9000)))
    tree = tree["decoded"]["node"]
    for _ in range(MAX_DEPTH):
        assert tree["next"]["address"] == "0x9000"
        tree = tree["next"]["points_to"]
    assert tree["next"] == "0x9000"


def test_no_more_elements_than_a_bound_and_the_rest_is_counted(in_odd):
    many = memory(CAPTURED_IN, 0xA000, node(0) * 2000)
    one = memory(CAPTURED_IN, 0x9000, node(0, 3000, 0xA000))
    tree = event(in_odd, TAKE_NODE, 0x9000, blocks=one + many)["decoded"]["node"]["many"]
    assert len(tree["points_to"]) == MAX_ELEMENTS
    assert tree["omitted"] == 3000 - MAX_ELEMENTS


def test_pointers_that_branch_at_each_step_are_bounded_too(in_odd):
    """A thousand nodes that each lead to all of them: C has no room for them, and says so."""
    all_of_them = memory(CAPTURED_IN, 0x9000, node(0x9000, 1000, 0x9000) * 1000)
    assert not in_odd.json_of(record(TAKE_NODE, 0x9000, blocks=all_of_them))


def test_a_few_that_branch_are_shown(in_odd):
    few = memory(CAPTURED_IN, 0x9000, node(0, 2, 0x9000) * 2)
    tree = event(in_odd, TAKE_NODE, 0x9000, blocks=few)["decoded"]["node"]
    for _ in range(MAX_DEPTH):
        assert len(tree["many"]["points_to"]) == 2
        tree = tree["many"]["points_to"][1]
    assert tree["many"] == "0x9000"


def registers(**values: int) -> bytes:
    names = ("rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi")
    numbers = [values.get(name, 100 + index) for index, name in enumerate(names)]
    return struct.pack(f"<{REGISTERS}Q", *numbers, *range(8, 16), values.get("rflags", 0x202))


@pytest.mark.parametrize(
    ("after", "clobbered"),
    [
        ({"rax": 0}, {}),
        ({"rbx": 1, "rax": 0}, {"rbx": ["0x67", "0x1"]}),
        ({"rflags": 0x10202}, {}),
        ({"rflags": 0x203, "rdi": 5}, {"rdi": ["0x6b", "0x5"], "rflags": ["0x202", "0x203"]}),
    ],
)
def test_registers_of_both_ends_are_compared(in_c, after, clobbered):
    both = block(ENTRY_REGISTERS, registers()) + block(RETURN_REGISTERS, registers(**after))
    shown = event(in_c, 0x80000012, 3, blocks=both)
    assert shown["clobbered"] == clobbered
    assert [finding["kind"] for finding in shown["findings"]] == ["clobber"] * len(clobbered)


def test_what_a_writer_says_that_changed_is_what_did(in_c):
    said = block(CHANGED, struct.pack("<IIQQ", 3, 0, 1, 2))
    both = block(ENTRY_REGISTERS, registers()) + block(RETURN_REGISTERS, registers(rsp=1))
    assert event(in_c, 0x80000012, 3, blocks=said + both)["clobbered"] == {"rbx": ["0x1", "0x2"]}


def test_blocks_of_a_newer_writer_are_skipped(in_c):
    blocks = block(99, b"odd") + memory(CAPTURED_OUT, 0x9000, struct.pack("<QQ", 1, 2))
    assert event(in_c, GPA2HPA, 0, 0x9000, blocks=blocks)["decoded"]["translation"]["hpa"] == "0x2"


WHOLE = record(0x80000012, 3, blocks=block(99, bytes(8)))


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        WHOLE[:-1],
        WHOLE[: HEAD.size - 1],
        record(0x80000012, version=1),
        record(0x80000012, version=3),
        record(0x80000012, state=3),
        record(0x80000012, clock=0),
        record(0x80000012, clock=4),
        record(0x80000012, arguments=7),
        record(0x80000012, size=HEAD.size - 8),
        record(0x80000012, size=HEAD.size + 4, blocks=bytes(8)),
        record(0x80000012, size=UNKNOWN32),
        record(0x80000012, size=1 << 17, blocks=bytes((1 << 17) - HEAD.size)),
        record(0x80000012, blocks=struct.pack("<HHI", 99, 0, 1)),
        record(0x80000012, blocks=struct.pack("<HHI", 99, 0, UNKNOWN32) + bytes(8)),
        record(0x80000012, blocks=block(CAPTURED_IN, bytes(7))),
        record(0x80000012, blocks=block(CHANGED, bytes(23))),
        record(0x80000012, blocks=block(CHANGED, struct.pack("<IIQQ", REGISTERS, 0, 1, 2))),
        record(0x80000012, blocks=block(CHANGED, bytes(24 * (REGISTERS + 1)))),
        record(0x80000012, blocks=block(ENTRY_REGISTERS, bytes(8 * REGISTERS - 8))),
        record(0x80000012, blocks=block(RETURN_REGISTERS, bytes(8 * REGISTERS + 8))),
    ],
)
def test_what_cannot_be_a_record_is_refused(in_c, raw):
    assert in_c.json_of(WHOLE) and not in_c.json_of(raw)
