# SPDX-License-Identifier: BSD-3-Clause
"""What the settings of a played ACRN may be, and that the library sees them."""

import ctypes

import pytest
from acrn_trace.act.mock import library
from acrn_trace.act.mock.acrn import machine_of
from acrn_trace.act.mock.settings import Settings, parse_settings
from acrn_trace.base.errors import TraceError
from acrn_trace.base.places import MODEL_LIBRARY
from acrn_trace.tables.dwarf import read_layouts

STRUCTS = {
    "acrn_vm_slot": library.VmSlot,
    "acrn_address_range": library.AddressRange,
    "acrn_pci_device": library.PciDevice,
    "acrn_machine": library.Machine,
    "acrn_vmcall": library.Vmcall,
    "acrn_memory": library.Memory,
    "acrn_reason": library.ModelReason,
}


@pytest.fixture(scope="module")
def layouts():
    return read_layouts(MODEL_LIBRARY)


@pytest.mark.parametrize("name", STRUCTS)
def test_the_structures_are_the_librarys(layouts, name):
    theirs, ours = layouts.structs[name], STRUCTS[name]
    assert ctypes.sizeof(ours) == theirs.size
    places = [(field, getattr(ours, field)) for field, _ in ours._fields_]
    assert [(field, place.offset * 8, place.size * 8) for field, place in places] == [
        (field.name, field.bit_offset, field.bit_size) for field in theirs.fields
    ]


def test_what_is_not_set_is_generous():
    machine = machine_of(Settings())
    assert machine.vm[0].name == b"ACRN_Service_VM" and machine.vm[0].cpu_affinity == 0xFFFF
    assert [slot.name for slot in machine.vm][2:] == [b""] * 14
    assert (machine.holes, machine.pci_devices, machine.debug_build) == (0, 54, True)


def test_each_setting_reaches_the_machine():
    machine = machine_of(
        parse_settings(
            "cpus=4 vcpus=2 vms=3 vm1=rt-vm,cpus=0x6,flags=rt|vhwp,severity=rtvm vm2=free "
            "pci=00:03.0,01:1f.7 pins=32 cstates=1 trusty-vms=1 debug=off memory=64M "
            "hypervisor=32M-64M".split()
        )
    )
    rt_vm = machine.vm[1]
    assert (machine.cpus, machine.max_vcpus, machine.vms) == (4, 2, 3)
    assert (rt_vm.name, rt_vm.cpu_affinity, rt_vm.severity) == (b"rt-vm", 6, 0x30)
    assert rt_vm.flags & (1 << 4 | 1 << 12 | 1 << 8) == 1 << 4 | 1 << 12 | 1 << 8
    assert [machine.pci[n].bdf for n in range(machine.pci_devices)] == [0, 0x18, 0x1FF]
    assert [machine.pci[n].bridge for n in range(3)] == [True, False, False]
    assert (machine.physical_pins, machine.cstates, machine.trusty_vms) == (32, 1, 1)
    assert (machine.debug_build, machine.memory_end) == (False, 64 << 20)
    assert (machine.holes, machine.hole[0].start, machine.hypervisor.end) == (
        1,
        32 << 20,
        64 << 20,
    )


@pytest.mark.parametrize(
    "word, why",
    [
        ("cpus=0", "takes a number from 1 to 64"),
        ("vm2=a,cpus=0x1ffff", "vm2=…,cpus=0x1ffff: that is more than the machine's 16 CPUs"),
        ("cpu=3", "no setting is named 'cpu' (did you mean cpus?)"),
        ("cpus", "a setting is NAME=VALUE"),
        ("vm1=a,state=on", "'on' is none of off, created, running, paused"),
        ("vm1=a,colour=red", "'colour' is none of a slot's cpus, flags"),
        ("vm1=a,flags=rt|fast", "'fast' is none of the flags"),
        ("vm1=free,state=running", "a slot that is free has no VM"),
        ("vm1=a-name-of-16-char", "takes a name of up to 15 characters"),
        ("vm16=a", "slots are 0 to 15"),
        ("vm0=a,state=off", "slot 0 is the Service VM's, which runs"),
        ("pci=3", "takes devices as BUS:DEVICE.FUNCTION"),
        ("pci=00:20.0", "takes devices as BUS:DEVICE.FUNCTION"),
        ("hypervisor=1-2", "whole pages of 4 KiB"),
        ("hypervisor=0x2000-0x1000", "END being behind the last"),
        ("hypervisor=0x1000-0x3000,0x2000-0x4000", "that do not overlap"),
        ("debug=yes", "takes on or off"),
        ("memory=lots", "takes an address or a size"),
    ],
)
def test_a_wrong_setting_is_a_sentence(word, why):
    with pytest.raises(TraceError) as error:
        parse_settings([word])
    assert str(error.value).startswith(f"hypercall mock acrn {word.split('=')[0]}")
    assert why in str(error.value)


def test_a_slot_that_there_would_not_be():
    with pytest.raises(TraceError, match="slot 3 is set"):
        parse_settings(["vm3=a", "vms=2"])
    assert 1 not in parse_settings(["vms=1"]).slots
