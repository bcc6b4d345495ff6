/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the model needs to know of the machine and of ACRN's configuration on it. All of it is constant
 * while the machine runs; acrn_machine_default is QEMU's board with ACRN's shared scenario.
 */
#ifndef ACRN_MACHINE_H
#define ACRN_MACHINE_H

#include <stdbool.h>
#include <stdint.h>
#include "acrn_types.h"

#define ACRN_MAX_VMS           16u
#define ACRN_MAX_CPUS          64u
#define ACRN_MAX_VCPUS         64u
#define ACRN_MACHINE_HOLES     8u
#define ACRN_MACHINE_PCI       16u
#define ACRN_MACHINE_VDEVS     8u
#define ACRN_MACHINE_PSTATES   16u
#define ACRN_MACHINE_CSTATES   8u

enum acrn_load_order {
	ACRN_PRE_LAUNCHED,
	ACRN_SERVICE_VM,
	ACRN_POST_LAUNCHED,
};

/* One VM slot. A slot without ACRN_VM_STATIC_VM is free for a VM that create_vm brings its own name for. */
struct acrn_vm_slot {
	char name[ACRN_VM_NAME_LENGTH];
	enum acrn_load_order load_order;
	uint64_t flags; /* enum acrn_vm_flags */
	uint64_t cpu_affinity;
	uint8_t severity;
};

struct acrn_address_range {
	uint64_t start, end; /* end is the first address that is not part of it */
};

struct acrn_pci_device {
	uint16_t bdf;
	bool host_bridge;
	bool can_reset; /* has FLR or a power-management reset, else it cannot be assigned */
};

struct acrn_machine {
	uint16_t cpus;
	uint16_t max_vcpus; /* vCPUs a VM may have */
	uint16_t service_vm;
	uint16_t vms;
	struct acrn_vm_slot vm[ACRN_MAX_VMS];

	/* The Service VM's guest-physical memory is host-physical memory but for these holes. */
	uint32_t holes;
	struct acrn_address_range hole[ACRN_MACHINE_HOLES];

	uint32_t pci_devices;
	struct acrn_pci_device pci[ACRN_MACHINE_PCI];
	uint32_t physical_pins;
	uint32_t virtual_pins;

	bool debug_build; /* else the profiling and logging calls answer -EPERM */
};

extern const struct acrn_machine acrn_machine_default;

#endif
