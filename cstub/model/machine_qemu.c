/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * QEMU's board with ACRN's shared scenario: a Service VM on four CPUs, one configured User VM and
 * fourteen free slots.
 *
 * Source: misc/config_tools/data/qemu/shared.xml of ACRN, and the machine that the recorded answers
 * in tests/conformance come from.
 */
#include "acrn_machine.h"

#define KIB UINT64_C(1024)
#define GIB (KIB * KIB * KIB)

#define FREE_SLOT                                                                                  \
	{                                                                                          \
		.load_order = ACRN_POST_LAUNCHED, .companion = (uint16_t)ACRN_INVALID_VMID,        \
	}

const struct acrn_machine acrn_machine_default = {
	.cpus = 4,
	.max_vcpus = 4,
	.service_vm = 0,
	.vms = ACRN_MAX_VMS,
	.vm =
		{
			[0] =
				{
					.name = "ACRN_Service_VM",
					.load_order = ACRN_SERVICE_VM,
					.severity = ACRN_SEVERITY_SERVICE_VM,
					.companion = (uint16_t)ACRN_INVALID_VMID,
					.flags = ACRN_VM_STATIC_VM,
					.cpu_affinity = 0xf,
				},
			[1] =
				{
					.name = "POST_STD_VM1",
					.load_order = ACRN_POST_LAUNCHED,
					.severity = ACRN_SEVERITY_STANDARD,
					.companion = (uint16_t)ACRN_INVALID_VMID,
					.flags = ACRN_VM_STATIC_VM,
					.cpu_affinity = 0x2,
				},
			[2] = FREE_SLOT,
			[3] = FREE_SLOT,
			[4] = FREE_SLOT,
			[5] = FREE_SLOT,
			[6] = FREE_SLOT,
			[7] = FREE_SLOT,
			[8] = FREE_SLOT,
			[9] = FREE_SLOT,
			[10] = FREE_SLOT,
			[11] = FREE_SLOT,
			[12] = FREE_SLOT,
			[13] = FREE_SLOT,
			[14] = FREE_SLOT,
			[15] = FREE_SLOT,
		},
	.memory_end = 4 * GIB,
	.holes = 1,
	.hole = {{0x11000000, 0x16400000}},
	.hypervisor = {0x11000000, 0x16400000},
	.pci_devices = 2,
	.pci =
		{
			{.bdf = 0x00, .bridge = true},
			{.bdf = 0x18},
		},
	.physical_pins = 24,
	.virtual_pins = 48,
	.debug_build = true,
};
