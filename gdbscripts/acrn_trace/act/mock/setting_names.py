# SPDX-License-Identifier: BSD-3-Clause
"""Names the settings of a played ACRN, and says what each is; settings.py reads them."""

SETTINGS = {
    "cpus": "physical CPUs (16)",
    "vcpus": "vCPUs that a VM may have (16)",
    "vms": "VM slots, the Service VM's among them (16)",
    "pci": "PCI devices to assign: BUS:DEVICE.FUNCTION,… or none",
    "pins": "pins of the physical IOAPIC (24)",
    "cstates": "C-states that pm_get_cpu_state tells of (3)",
    "trusty-vms": "VMs that may have a secure world (16)",
    "debug": "on: a debug build of ACRN, with logging and profiling (on)",
    "memory": "where the machine's memory ends (512G)",
    "hypervisor": "the hypervisor's own memory: START-END,… (none)",
    "version": "the release of ACRN (that of 'set hypercall version')",
    "tsc-khz": "what CPUID tells of the TSC (measured)",
}
