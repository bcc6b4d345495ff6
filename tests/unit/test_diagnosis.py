# SPDX-License-Identifier: BSD-3-Clause
"""What is recognised, and what is not, in guests made by hand; examples/crash has real ones."""

import json
import os
import random
import struct

import pytest
from diagnosis_builder import (
    CODE,
    CREATE_VM,
    FLAGS,
    KNOWLEDGE,
    PAGE,
    PAUSE,
    SET_IOREQ_BUFFER,
    STACKS,
    STACKS_AT,
    START_VM,
    USER,
    VMCALL,
    Guest,
    Ram,
    Snapshot,
)
from live import IMAGES
from ring_builder import HEADER_AT, RECORDS_AT, SITE, TABLES_AT

from acrn_trace.diagnosis import Case, diagnose
from acrn_trace.diagnosis.facts import GUESS, PROBABLE, Place
from acrn_trace.diagnosis.page import as_json, page
from acrn_trace.diagnosis.registers_lost import _names
from acrn_trace.diagnosis.standstill import in_panic
from acrn_trace.images.image import open_image
from acrn_trace.at_rest.image_match import DIFFERS, MATCH, ImageMatch
from acrn_trace.at_rest.postmortem import examine
from acrn_trace.rings.ringformat import CALLED, CAPTURED_IN, CHANGED, RETURNED
from acrn_trace.sites import Site
from acrn_trace.at_rest.snapshot import DUMP, STUB, SnapshotVcpu

FAILED, ENOTTY = -1, -25
TOP = STACKS + 2 * PAGE
STRUCTURE = 0x220000
CAPTURE = 64  # bytes
CAPTURING = {
    "size": 64 + 8 + 2 * CAPTURE + 56,
    "more": {"capture_offset": 64, "capture_bytes": CAPTURE},
}
CHECKING = {"size": 128, "more": {"changed_offset": 64, "changed_slots": 3}}
RBX = 3


def captured(data: bytes) -> bytes:
    return struct.pack("<HHI", len(data), 0, 0) + data


def creation(name: bytes, vmid: int = 0, cpus: int = 2) -> bytes:
    """struct acrn_vm_creation."""
    return struct.pack("<HHHH16sQQQ", vmid, 0, 0, 0, name, 0, 0, cpus)


def changed(before: int, after: int) -> bytes:
    return struct.pack("<IIQQ", 1 << RBX, 0, before, after)


def test_a_call_without_return_in_the_hypervisor_has_not_returned():
    guest = Guest()
    guest.machine.call()
    guest.machine.call(state=CALLED)
    guest.vcpu(0x1000, 0x2000, inside=True)
    said = guest.diagnosis()
    assert [v.kind for v in said.verdicts] == ["never-returned"]
    assert said.vcpus[0].in_flight.sequence == 1


def test_time_in_flight_is_against_the_newest_of_any_ring():
    guest = Guest(rings=2)
    guest.machine.call(0, CALLED, entry=10**9)
    guest.machine.call(1, entry=10**9 + 6 * 10**9, spent=2 * 10**9, vcpu=1)
    guest.vcpu(0x1000, 0x2000, inside=True)
    guest.halted()
    said = as_json(guest.diagnosis())
    assert said["vcpus"][0]["at_least"] == 4.0  # eight times 10**9 ticks at 2 GHz


def test_without_anything_newer_the_time_in_flight_is_not_known():
    guest = Guest()
    guest.machine.call(0, CALLED)
    guest.vcpu(0x1000, 0x2000, inside=True)
    assert "for an unknown time" in guest.diagnosis().verdicts[0].text


def test_a_call_that_its_vcpu_has_left_is_not_hung():
    guest = Guest()
    guest.machine.call(0, CALLED)
    guest.machine.call()
    guest.vcpu(0x1000, 0x2000, inside=True)
    assert guest.kinds() == ["abandoned", "in-hypervisor"]


@pytest.mark.parametrize(
    "selectors, answered, kind",
    [
        (USER, True, "fault-not-ring-0"),
        ((0x08, 0x10), False, "fault-no-hypervisor"),
        ((0x08, 0x10), True, "fault-not-allowed"),
    ],
)
def test_a_fault_on_the_vmcall_and_why(selectors, answered, kind):
    guest = Guest()
    if answered:
        guest.machine.call()
    site = guest.code(0x100, VMCALL)
    guest.machine.call(0, CALLED, site=site)
    guest.halted(guest.exception(site, TOP - 64, selectors))
    said = guest.diagnosis()
    assert [v.kind for v in said.verdicts] == [kind, "stopped"]
    assert "record" in said.verdicts[0].evidence[1]


@pytest.mark.parametrize(
    "words",
    [
        {"flags": FLAGS & ~2},  # bit 1 of RFLAGS is always 1
        {"flags": FLAGS | 1 << 40},
        {"selectors": (0x08, 0x3B)},  # CS and SS of different rings
        {"selectors": (0x12345678, 0x10)},
    ],
)
def test_what_no_processor_pushes_is_no_exception(words):
    guest = Guest()
    site = guest.code(0x100, VMCALL)
    guest.halted(guest.exception(site, TOP - 64, **words))
    assert guest.diagnosis().vcpus[0].interrupted == []


def test_the_exception_of_another_vcpu_is_not_taken_for_ones_own():
    """Two stacks side by side: what is above the next vCPU's RSP is that one's."""
    guest = Guest()
    site = guest.code(0x100, VMCALL)
    guest.halted(STACKS + PAGE - 64)
    guest.halted(guest.exception(site, TOP - 64))
    first, second = guest.diagnosis().vcpus
    assert (len(first.interrupted), len(second.interrupted)) == (0, 1)


def test_a_structure_that_changed_in_flight_is_noticed():
    guest = Guest(**CAPTURING)
    more = captured(creation(b"vm1"))
    flags = 1 | CAPTURED_IN
    guest.machine.call(0, CALLED, number=CREATE_VM, args=(STRUCTURE, 0), flags=flags, more=more)
    guest.vcpu(0x1000, 0x2000, inside=True)
    now = creation(b"vm1", vmid=7)  # an output: the hypervisor's to write
    guest.machine.ram[STRUCTURE : STRUCTURE + len(now)] = now
    assert guest.kinds() == ["never-returned"]
    now = creation(b"vm2", vmid=7)
    guest.machine.ram[STRUCTURE : STRUCTURE + len(now)] = now
    said = guest.diagnosis().verdicts[0]
    assert said.kind == "structure-overwritten"
    assert said.evidence == ("name was 'vm1' at the call and is 'vm2'",)


def test_the_structure_of_a_call_that_faulted_may_be_anything_by_now():
    guest = Guest(**CAPTURING)
    more = captured(creation(b"vm1"))
    flags = 1 | CAPTURED_IN
    guest.machine.call(0, CALLED, number=CREATE_VM, args=(STRUCTURE, 0), flags=flags, more=more)
    guest.halted()
    assert guest.kinds() == ["left-behind", "stopped"]


def test_of_a_structure_that_the_hypervisor_may_write_nothing_is_claimed():
    """vm_intr_monitor's buffer is used in place."""
    guest = Guest(**CAPTURING)
    more = captured(bytes(CAPTURE))
    number, flags = 0x80000024, 2 | CAPTURED_IN
    guest.machine.call(0, CALLED, number=number, args=(1, STRUCTURE), flags=flags, more=more)
    guest.machine.ram[STRUCTURE : STRUCTURE + CAPTURE] = b"Z" * CAPTURE
    guest.vcpu(0x1000, 0x2000, inside=True)
    assert guest.kinds() == ["never-returned"]


def test_where_physical_addresses_are_not_the_dumps_nothing_is_compared():
    guest = Guest(**CAPTURING)
    more = captured(creation(b"vm1"))
    flags = 1 | CAPTURED_IN
    guest.machine.more["header_physical"] = 0x5000
    guest.machine.write_header()
    guest.machine.call(0, CALLED, number=CREATE_VM, args=(STRUCTURE, 0), flags=flags, more=more)
    guest.vcpu(0x1000, 0x2000, inside=True)
    said = guest.diagnosis()
    assert [v.kind for v in said.verdicts] == ["never-returned"]
    assert any("are not those of the dump" in sentence for sentence in said.unknown)


def test_an_error_is_ignored_if_the_same_vm_is_used_and_fails_again():
    guest = Guest()
    guest.machine.call(number=START_VM, args=(3, 0), result=FAILED)
    guest.machine.call(number=SET_IOREQ_BUFFER, args=(4, 0), result=FAILED, flags=2)
    guest.vcpu(CODE, TOP, eflags=FLAGS)
    assert guest.kinds() == []  # two VMs
    guest.machine.call(number=START_VM, args=(3, 0), result=FAILED)
    said = guest.diagnosis().verdicts
    assert [v.kind for v in said] == ["error-ignored"]
    assert "VM 3, in 1 more calls" in said[0].text


def test_an_error_is_not_ignored_if_the_vm_is_made_anew():
    guest = Guest(**CAPTURING)
    more = captured(creation(b"vm1", vmid=3))
    flags = 1 | CAPTURED_IN
    guest.machine.call(number=START_VM, args=(3, 0), result=FAILED)
    guest.machine.call(number=CREATE_VM, args=(STRUCTURE, 0), flags=flags, more=more)
    guest.machine.call(number=START_VM, args=(3, 0), result=FAILED)
    guest.vcpu(CODE, TOP, eflags=FLAGS)
    assert guest.kinds() == []


def test_a_refusal_is_explained_by_the_calls_before():
    guest = Guest()
    guest.machine.call(number=START_VM, args=(9, 0), result=ENOTTY)
    guest.halted()
    first, second = guest.diagnosis().verdicts
    assert (first.kind, second.kind) == ("not-permitted", "last-call-failed")
    assert "VM 9 was not created" in first.text


LOST = 0xA5A5_0000_1234_5678
USES_RBX, USES_RCX = b"\x48\x8b\x43\x08", b"\x48\x8b\x41\x08"  # mov 8(%rbx),%rax; 8(%rcx)


@pytest.mark.parametrize(
    "instruction, saved, kind",
    [
        (USES_RBX, LOST, "register-lost-and-used"),
        (USES_RCX, LOST, "register-lost"),  # another register
        (USES_RBX, 0x1234, "register-lost"),  # rbx was loaded anew
    ],
)
def test_a_lost_register_was_used_if_the_fault_says_so(instruction, saved, kind):
    guest = Guest(**CHECKING)
    guest.machine.call(flags=1 | CHANGED, more=changed(0x1000, LOST))
    rsp = guest.exception(guest.code(0x100, instruction), TOP - 64)
    guest.halted(guest.push(rsp, 0, 13, saved))
    assert guest.kinds()[0] == kind


def test_a_lost_register_near_the_last_page_fault_was_used():
    guest = Guest(**CHECKING)
    guest.machine.call(flags=1 | CHANGED, more=changed(0x1000, 0x7000_0000_1000))
    guest.halted(cr2=0x7000_0000_1018)
    assert guest.kinds()[0] == "register-lost-and-used"


@pytest.mark.parametrize(
    "text, register, named",
    [
        ("movq 8(%rbx), %rax", "rbx", True),
        ("movl %ebx, (%rdi)", "rbx", True),
        ("movzbl (%r11, %rax), %edx", "r11", True),
        ("movq 8(%rbp), %rax", "rbx", False),
        ("movq (%r10), %rax", "r1", False),
        ("movb %r9b, (%rdi)", "r9", True),
    ],
)
def test_parts_of_a_register_are_the_register(text, register, named):
    assert _names(text, register) == named


def test_there_is_an_end_to_what_is_said():
    """As many verdicts as a hostile ring has records would be no page."""
    guest = Guest(count=64)
    for _ in range(63):
        guest.machine.call(state=CALLED)
    guest.machine.call()
    guest.vcpu(CODE, TOP, eflags=FLAGS)
    said = guest.diagnosis().verdicts
    assert [v.kind for v in said] == ["abandoned"] * 9
    assert said[-1].text == "There is more of the same."


def test_what_a_guest_names_is_escaped():
    guest = Guest(**CAPTURING)
    more = captured(creation(b"\x1b[31mred"))
    flags = 1 | CAPTURED_IN
    guest.machine.call(0, CALLED, number=CREATE_VM, args=(STRUCTURE, 0), flags=flags, more=more)
    guest.vcpu(0x1000, 0x2000, inside=True)
    text = "\n".join(page(guest.diagnosis()))
    assert "\x1b" not in text and "\\x1b[31mred" in text


def test_an_idle_guest_is_not_accused():
    guest = Guest()
    guest.machine.call()
    guest.halted(eflags=FLAGS)
    said = guest.diagnosis()
    assert said.verdicts == []
    assert "  No sign of anything wrong with hypercalls." in page(said)


def test_the_sites_of_a_wrong_image_name_nothing():
    guest = Guest()
    guest.machine.call()
    guest.vcpu(CODE, TOP, eflags=FLAGS)
    found = guest.found()
    found.image = open_image(str(IMAGES / "hello.elf"))
    sites = {SITE: Site(SITE, None, "wrong.c", 1, "wrong")}
    for verdict, names in ((DIFFERS, False), (MATCH, True)):
        found.match = ImageMatch(verdict, compared=100, differing=90)
        said = "\n".join(page(diagnose(Case(found, KNOWLEDGE, sites))))
        assert ("wrong.c" in said) == names
        assert ("is NOT what ran" in said) != names


def test_a_kernels_panic_is_named():
    guest = Guest()
    guest.vcpu(CODE, TOP, eflags=FLAGS)
    diagnosis = guest.diagnosis()
    diagnosis.vcpus[0].callers = [Place(1, "udelay+0x1"), Place(2, "panic+0x2"), Place(3, "init")]
    (match,) = in_panic(diagnosis)
    assert match.evidence == ("the stack has panic+0x2 <- init (a guess)",)
    diagnosis.vcpus[0].callers = [Place(1, "nmi_panic+0x1")]
    assert not list(in_panic(diagnosis))


def test_a_live_guest_that_gdb_stopped_hangs_at_most_by_guess():
    for kind, certainty in ((DUMP, PROBABLE), (STUB, GUESS)):
        guest = Guest()
        guest.machine.call()
        guest.vcpu(guest.code(0x100, PAUSE) + 2, TOP)
        found = guest.found()
        found.snapshot.kind = kind
        (verdict,) = diagnose(Case(found, KNOWLEDGE)).verdicts
        assert (verdict.kind, verdict.certainty) == ("guest-hangs", certainty)


@pytest.mark.parametrize("with_image", [False, True])
def test_a_source_that_tells_nothing_is_not_called_right(with_image):
    """Zeros, without and with a vCPU's registers: neither ring nor page tables nor code."""
    image = open_image(str(IMAGES / "hello.elf")) if with_image else None
    lost = SnapshotVcpu(0, {"rip": CODE, "cr3": PAGE, "cr0": 0x80000011})
    not_started = SnapshotVcpu(1, {"rip": CODE, "cr3": 0, "cr0": 0x11})
    for vcpus in ([], [lost], [lost, not_started]):
        said = diagnose(Case(examine(Snapshot(Ram(bytearray(8 * PAGE)), vcpus), image), KNOWLEDGE))
        (verdict,) = as_json(said)["happened"]
        assert (verdict["kind"], verdict["certainty"]) == ("nothing-known", "certain")
        assert "  1. Nothing can be known of the guest's hypercalls" in "\n".join(page(said))


def test_a_guest_of_which_something_is_known_is_not_unknown():
    guest = Guest()
    guest.machine.call()
    assert guest.kinds() == []  # a ring, as in a file of memory
    guest.halted(eflags=FLAGS)
    assert guest.kinds() == []


LONG = os.environ.get("ACRN_CHECK_LONG") == "1"
INTERESTING = (0, 1, 0xFFFF, (1 << 63) - 1, (1 << 64) - 1, STACKS, CODE, SITE, TOP)


def mutated(seed: int) -> Guest:
    """A guest that died in a call, with words of its memory and registers set to anything."""
    rng = random.Random(seed)
    guest = Guest(rings=2, **CAPTURING)
    for ring in (0, 1):
        for state in (RETURNED, CALLED):
            flags = rng.randrange(64)
            more = captured(creation(b"vm1"))
            number = rng.choice((CREATE_VM, START_VM, SET_IOREQ_BUFFER, 0x80000090))
            guest.machine.call(ring, state, number=number, vcpu=ring, flags=flags, more=more)
    guest.halted(guest.exception(guest.code(0x100, VMCALL), TOP - 64))
    guest.vcpu(0x1000, 0x2000, inside=bool(seed % 2))
    places = ((0, 0x40), (HEADER_AT, 0x100), (RECORDS_AT, 0x1000), (TABLES_AT, 0x5000))
    for _ in range(rng.choice((1, 5, 50))):
        start, size = rng.choice((*places, (STACKS_AT, 0x2000)))
        at = start + rng.randrange(size) & ~7
        word = rng.choice((*INTERESTING, rng.getrandbits(64), rng.randrange(1 << 22) | 0x83))
        guest.machine.ram[at : at + 8] = word.to_bytes(8, "little")
    for vcpu in guest.vcpus:
        for name in list(vcpu.registers):
            if rng.random() < 0.05:
                vcpu.registers[name] = rng.choice((*INTERESTING, rng.getrandbits(64)))
            elif rng.random() < 0.02:
                del vcpu.registers[name]
    return guest


def test_whatever_a_guest_left_there_is_a_page():
    for seed in range(20_000 if LONG else 300):
        said = mutated(seed).diagnosis()
        assert all(line.isprintable() for line in page(said)), seed
        json.dumps(as_json(said))
