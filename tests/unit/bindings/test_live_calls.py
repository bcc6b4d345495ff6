# SPDX-License-Identifier: BSD-3-Clause
"""Calls that are decoded from registers and memory: what reading raises, and what takes much."""

import pytest

from acrn_trace.base.errors import TargetError
from acrn_trace.bindings.calls import CallDecoder, Given
from acrn_trace.tables.errnos import errno_name, errors_of
from acrn_trace.tables.knowledge import acrn
from acrn_trace.trace.decode import Seen
from helpers.make.memory import FakeMemory

KNOWLEDGE = acrn()
CREATE_VM, REGIONS = (
    KNOWLEDGE.table.named(name).number for name in ("create_vm", "set_memory_regions")
)
MOST = 1024


class Gone:
    def __init__(self, error: BaseException) -> None:
        self.error = error

    def read(self, address: int, size: int) -> bytes:
        raise self.error


@pytest.mark.parametrize("error", [TargetError("QEMU is gone"), KeyboardInterrupt()])
def test_what_reading_memory_raises_comes_after_the_call_in_c(error):
    calls, memory = CallDecoder(KNOWLEDGE), FakeMemory({0x1000: bytes(64)})
    with pytest.raises(type(error)):
        calls.decode(Given(CREATE_VM, (0x1000, 0)), Gone(error))
    with pytest.raises(type(error)):
        calls.decode(Given(CREATE_VM, (0x1000, 0), 0), memory, Gone(error))
    assert calls.decode(Given(CREATE_VM, (0x1000, 0), 0), memory, memory)["findings"] == []


def test_a_call_that_takes_much_room_is_whole_and_its_memory_read_once():
    head = (7).to_bytes(8, "little") + MOST.to_bytes(8, "little") + (0x2000).to_bytes(8, "little")
    memory = FakeMemory({0x1000: head, 0x2000: b"\x11" * (32 * MOST)})
    given = Given(REGIONS, (0x1000, 0))
    regions = CallDecoder(KNOWLEDGE).decode(given, Seen(memory))["decoded"]["regions"]
    assert len(regions["regions_gpa"]["points_to"]) == MOST and memory.reads == 2


def test_memory_is_as_it_was_when_it_was_read():
    memory = FakeMemory({0x1000: b"\1" + bytes(63)})
    seen = Seen(memory)
    first = seen.read(0x1000, 64)
    seen.close()
    memory.parts[0x1000] = bytes(64)
    assert seen.read(0x1000, 64) == first


def test_at_the_call_there_is_nothing_of_what_the_hypervisor_writes():
    calls, memory = CallDecoder(KNOWLEDGE), FakeMemory({0x1000: bytes(64)})
    version = KNOWLEDGE.table.named("get_api_version").number
    assert calls.decode(Given(version, (0x1000, 0)), memory)["decoded"] == {}
    at_call = calls.decode(Given(CREATE_VM, (0x1000, 0)), memory)["decoded"]["vm"]
    back = calls.decode(Given(CREATE_VM, (0x1000, 0), 0), memory, memory)["decoded"]["vm"]
    outputs = [name for name in back if name not in at_call]
    roles = KNOWLEDGE.types.fields
    assert outputs == [n for n in back if "OUT" in roles.of("acrn_vm_creation", n).plain] != []


def xens(name: str, args: tuple[int, ...], memory: FakeMemory, **more) -> dict:
    number = KNOWLEDGE.table.named(f"xen:{name}").number
    args = (*args, 0, 0, 0, 0, 0)[:5]
    return CallDecoder(KNOWLEDGE).decode(Given(number, args, 0, abi="xen", **more), memory, memory)


def test_an_argument_says_how_many_structures_or_characters_an_address_leads_to():
    version = b"\2\0\0\0"
    memory = FakeMemory({0x1000: version * 3, 0x2000: b"hello, \x1b[1m" + bytes(8)})
    ops = xens("grant_table_op", (8, 0x1000, 3), memory)["decoded"]
    assert ops["cmd"] == "GNTTABOP_set_version" and ops["ops"] == [{"version": 2}] * 3
    assert xens("grant_table_op", (8, 0x1000, 0), memory)["decoded"]["ops"] == []
    assert xens("console_io", (0, 5, 0x2000), memory)["decoded"]["text"] == "hello"
    assert xens("console_io", (0, 15, 0x2000), memory)["decoded"]["text"] == "hello, \x1b[1m"
    gone = xens("console_io", (0, 1 << 31, 0x2000), memory)["decoded"]["text"]
    assert gone["address"] == "0x2000" and "more than 262144 bytes" in gone["unreadable"]


@pytest.mark.parametrize(
    ("name", "clobbered"),
    [("sched_op", {"r8", "r10", "rdx", "rbx"}), ("console_io", {"r8", "r10", "rbx"})],
)
def test_the_registers_of_the_arguments_that_a_call_has_may_change_and_no_others(name, clobbered):
    changed = [(name, 1, 2) for name in ("rdi", "rsi", "rdx", "r10", "r8", "rbx", "rax")]
    known = xens(name, (0, 0, 0), FakeMemory({0: bytes(64)}), changed=changed)
    assert known["clobbered"].keys() == clobbered


def test_a_status_is_an_error_by_its_low_bits_alone():
    invalid = "HV_STATUS_INVALID_PARAMETER"
    names = {"0x200000000": None, "0x100000005": invalid, 5: invalid, 0: None, -1: None}
    assert {result: errno_name(result, "hyperv") for result in names} == names
    assert errors_of("hyperv").no_such_call == 2 and errors_of("xen").no_such_call == -38
