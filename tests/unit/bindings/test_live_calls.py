# SPDX-License-Identifier: BSD-3-Clause
"""Calls that are decoded from registers and memory: what reading raises, and what takes much."""

import struct

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


def test_a_multicall_is_as_many_calls_as_it_says():
    """Whatever else it is told: nothing selects what its address leads to."""
    entry = struct.pack("<8Q", 0x12, 0, 0, 5, 0x2000, 0, 0, 0)
    odd = struct.pack("<Qq6Q", 1 << 32 | 0x63, -38, *range(6))
    for count, at in ((1, 0x1001), (2, 0x1000)):
        calls = xens("multicall", (at, count), FakeMemory({at: entry + odd}))["decoded"]
        assert len(calls["calls"]) == count
    first, second = calls["calls"]
    assert first["op"] == "__HYPERVISOR_console_io" and "op_high" not in first
    assert first["args"] == ["0x0", "0x5", "0x2000", "0x0", "0x0", "0x0"]
    assert (second["op"], second["op_high"]) == (0x63, 1)


def test_what_the_structures_of_a_sub_operation_lead_to():
    reservation = struct.Struct("<QQIIHxxxxxx")
    exchange = reservation.pack(0x3000, 2, 0, 0, 0x7FF0) + reservation.pack(0x4000, 1, 1, 0, 0x7FF0)
    frames = struct.pack("<QQ", 7, 8)
    memory = FakeMemory({0x1000: exchange + bytes(8), 0x3000: frames, 0x4000: frames})
    found = xens("memory_op", (11, 0x1000), memory)["decoded"]["arg"]
    assert found["in"]["extent_start"]["points_to"] == ["0x7", "0x8"]
    assert found["out"]["extent_start"]["points_to"] == ["0x7"] and found["out"]["domid"] == 0x7FF0
    batch = struct.pack("<HHHHQQQ", 0x7FF0, 4, 2, 1, 0x3000, 0x4000, 0x5000)
    parts = {0x1000: batch, 0x3000: frames, 0x4000: frames, 0x5000: struct.pack("<ii", -22, 0)}
    found = xens("memory_op", (23, 0x1000), FakeMemory(parts))["decoded"]["arg"]
    assert (found["space"], found["foreign_domid"]) == (4, 1)
    assert found["errs"]["points_to"] == [-22, 0] and found["idxs"]["points_to"] == ["0x7", "0x8"]


def test_each_end_of_a_grant_copy_is_a_reference_or_a_frame():
    one = struct.Struct("<QHHxxxxQHHxxxxHHhxx")
    ops = one.pack(9, 1, 0, 0x1234, 0x7FF0, 8, 64, 1, 0) + one.pack(5, 2, 3, 6, 4, 5, 1, 2, -3)
    copied = xens("grant_table_op", (5, 0x1000, 2), FakeMemory({0x1000: ops}))["decoded"]["ops"]
    assert copied[0] == {
        **{"source": {"ref": 9}, "source_domid": 1, "source_offset": 0},
        **{"dest": {"gmfn": "0x1234"}, "dest_domid": 0x7FF0, "dest_offset": 8},
        **{"len": 64, "source_gref": 1, "dest_gref": 0, "status": 0},
    }
    assert (copied[1]["source"], copied[1]["dest"]) == ({"gmfn": "0x5"}, {"ref": 6})
    assert copied[1]["status"] == -3


def test_a_physical_interrupt_is_mapped():
    asked = struct.pack("<HxxIiiiiiIQ", 0x7FF0, 3, -1, -1, 0x10000, 0x20, 0, 0, 0xFEBF0000)
    found = xens("physdev_op", (13, 0x1000), FakeMemory({0x1000: asked}))["decoded"]
    assert found["cmd"] == "PHYSDEVOP_map_pirq" and found["arg"]["type"] == "MAP_PIRQ_TYPE_MSI_SEG"
    assert (found["arg"]["pirq"], found["arg"]["table_base"]) == (-1, "0xfebf0000")
    eoi = xens("physdev_op", (12, 0x1000), FakeMemory({0x1000: b"\x10\0\0\0"}))["decoded"]
    assert eoi == {"cmd": "PHYSDEVOP_eoi", "arg": {"irq": 16}}


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


def hypervs(name: str, control: int, *args: int) -> dict:
    number = KNOWLEDGE.table.named(f"hyperv:{name}").number
    given = Given(number, (control | number, *args), 0, abi="hyperv")
    memory = FakeMemory({0x1000: bytes(64)})
    return CallDecoder(KNOWLEDGE).decode(given, memory, memory)["decoded"]


FAST = 1 << 16


def test_the_input_of_a_fast_call_is_in_its_registers():
    """Whatever they were as addresses; what is behind them is in XMM0, and not known."""
    signalled = hypervs("signal_event", FAST, 0x1234_0005_0000_1000, 0x1000)
    assert signalled["input"] == {"connection_id": 0x1000, "flag_number": 5, "reserved": 0x1234}
    assert signalled["output"] == "0x1000"
    sent = hypervs("send_ipi", FAST, 0xF3, 0x1000)
    assert sent["input"] == {"vector": "0xf3", "cpu_mask": "0x1000"} and "output" not in sent
    assert hypervs("notify_long_spin_wait", FAST, 0x7_0000_0001, 0)["input"] == 1
    flushed = hypervs("flush_virtual_address_space", FAST, 0x1000, 3)
    assert flushed["input"] == {"address_space": "0x1000", "flags": "0x3"}
    assert hypervs("send_ipi", 0, 0x1000, 0)["input"] == {"vector": "0x0", "cpu_mask": "0x0"}
