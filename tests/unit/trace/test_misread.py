# SPDX-License-Identifier: BSD-3-Clause
"""Arguments that ACRN takes for something else than was given: bits, bools, and no others."""

import struct

import pytest

from acrn_trace.bindings.calls import CallDecoder, Given
from acrn_trace.rings.events import RecordDecoder
from acrn_trace.rings.format import CAPTURED_IN
from acrn_trace.tables.calls import CallTable, parse
from acrn_trace.tables.knowledge import acrn
from acrn_trace.tables.layouts import Scalar
from helpers.make.knowledge import knowledge_of
from helpers.make.memory import U8, FakeMemory, array, struct as structure, structures
from helpers.make.ring import RingMachine, record

ACRN = acrn()
BOOL = Scalar(1, boolean=True)
OWN = CallTable(
    parse(
        "HYPERCALL2(0x800000e0, narrow, VALUE(u8, level), VALUE(u32, count))\n"
        "HYPERCALL1(0x800000e1, told, PTR(in, flags, it))\n"
        "HYPERCALL1(0x800000e2, asked, PTR(inout, flags, it))\n",
        "own",
    )
)
FLAGS = structure("flags", ("on", BOOL), ("plain", U8), ("some", array(BOOL, 20)))


MAX_TOLD = 8  # of one argument (cstub/decode/misread.c)


def misread(entry, args, memory=FakeMemory(), known=ACRN.types) -> list[str]:
    """The findings on a call of these arguments."""
    calls = CallDecoder(knowledge_of(CallTable([entry]), known))
    found = calls.decode(Given(entry.number, args), memory)["findings"]
    assert {one["kind"] for one in found} <= {"argument"}
    return [one["text"] for one in found]


def of_acrn(name, *args, **more) -> list[str]:
    return misread(ACRN.table.named(name), (*args, 0)[:2], **more)


def test_a_vm_id_has_16_bits():
    assert of_acrn("start_vm", 0xDEAD0002) == [
        "start_vm reads 16 bits of RDI, 0xdead0002 has more: vmid=2 is what ACRN takes"
    ]
    assert of_acrn("start_vm", 0x10000) != [] and of_acrn("start_vm", 0xFFFF) == []


def test_a_vcpu_has_16_bits_and_both_registers_may_have_more():
    assert of_acrn("notify_request_finish", 2, 0x10000) == [
        "notify_request_finish reads 16 bits of RSI, 0x10000 has more: vcpu=0 is what ACRN takes"
    ]
    assert len(of_acrn("notify_request_finish", 0xFFFFFFFFFFFFFFFF, 0x80000001)) == 2


@pytest.mark.parametrize("name", ("start_vm", "service_vm_offline_cpu"))
def test_what_a_caller_may_leave_in_the_upper_half_is_no_finding(name):
    assert of_acrn(name, 0xDEADBEEF00000002) == []


@pytest.mark.parametrize(
    "name", ("set_callback_vector", "tee_vcpu_boot_done", "world_switch", "assign_ptdev")
)
def test_a_register_that_is_read_whole_has_no_more(name):
    assert of_acrn(name, 2, (1 << 64) - 1) == []
    assert not of_acrn("set_irqline", 2, (1 << 64) - 1)


def test_a_register_without_an_argument_is_not_looked_at():
    assert of_acrn("start_vm", 2, (1 << 64) - 1) == []
    assert of_acrn("save_restore_sworld_ctx", (1 << 64) - 1, (1 << 64) - 1) == []


def test_a_users_own_call_of_8_bits():
    (text,) = misread(OWN.named("narrow"), (0x1FE, 0x1FFFFFFFF))
    assert text == "narrow reads 8 bits of RDI, 0x1fe has more: level=254 is what ACRN takes"


def irq(pic_pin: int) -> bytes:
    return struct.pack("<IHHIIBxxxxxxx", 0, 0, 0, 4, 4, pic_pin)


@pytest.mark.parametrize("name", ("set_ptdev_intr_info", "reset_ptdev_intr_info"))
def test_a_bool_of_acrns_is_0_or_1(name):
    def told(value):
        return of_acrn(name, 2, 0x9000, memory=FakeMemory({0x9000: irq(value)}))

    assert told(0) == [] and told(1) == []
    assert told(0xFE) == [f"{name} has 254 in irq.intx.pic_pin, which is a bool to ACRN: 0 or 1"]


def test_a_bool_of_the_guests_own_type():
    memory = FakeMemory({0x9000: bytes([2, 7, *range(20)])})
    known = structures(FLAGS).types
    found = misread(OWN.named("told"), (0x9000, 0), memory, known)
    assert found[0] == "told has 2 in it.on, which is a bool to ACRN: 0 or 1"
    assert found[1].startswith("told has 2 in it.some[2]") and len(found) == MAX_TOLD
    # Of what goes both ways nobody knows which fields the caller has to fill in.
    assert misread(OWN.named("asked"), (0x9000, 0), memory, known) == []


def test_a_structure_that_cannot_be_read_has_no_bool():
    assert of_acrn("set_ptdev_intr_info", 2, 0x9000) == []


# ---- calls that a guest recorded ----

HEADER = RingMachine(size=320, more={"capture_offset": 64, "capture_bytes": 64}).header


def recorded(number: int, args: tuple[int, int], given: int = 2, held: bytes = b"") -> list[str]:
    more = struct.pack("<HHxxxx", len(held), 0) + held.ljust(248, b"\xfe")
    flags = given | (CAPTURED_IN if held else 0)
    raw = record(0, number=number, args=args, flags=flags, more=more)
    event = RecordDecoder(ACRN, HEADER, {}, 10**9).event(raw, 0, 0)
    return [one.text for one in event.findings]


def test_a_recorded_call_has_the_same_findings():
    assert recorded(0x80000012, (0xDEAD0002, 0)) == of_acrn("start_vm", 0xDEAD0002)
    memory = FakeMemory({0x9000: irq(3)})
    wanted = of_acrn("set_ptdev_intr_info", 2, 0x9000, memory=memory)
    assert recorded(0x80000053, (2, 0x9000), held=irq(3)) == wanted != []
    assert recorded(0x80000053, (2, 0x9000), held=irq(1)) == []
    assert recorded(0x80000053, (2, 0x9000), held=irq(3)[:16]) == []  # that far it was not kept


def test_an_argument_that_was_not_given_is_not_looked_at():
    assert recorded(0x80000012, (0xDEAD0002, 0), given=0) == []
