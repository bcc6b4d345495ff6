# SPDX-License-Identifier: BSD-3-Clause
"""Calls without a return, and their structures by now."""

from acrn_trace.diagnosis.report import as_json
from acrn_trace.rings.format import CALLED, CAPTURED_IN
from helpers.make.diagnosis import (
    CAPTURE,
    CAPTURING,
    CREATE_VM,
    STRUCTURE,
    Guest,
    captured,
    creation,
)


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
