# SPDX-License-Identifier: BSD-3-Clause
"""Calls that are decoded from registers and memory: what reading raises, and what takes much."""

import pytest

from acrn_trace.base.errors import TargetError
from acrn_trace.bindings.calls import CallDecoder, Given
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
