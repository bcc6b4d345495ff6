/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the model needs to know of the machine and of ACRN's configuration on it. All of it is
 * constant while the machine runs; acrn_machine_default is QEMU's board with ACRN's shared
 * scenario.
 */
#ifndef ACRN_MACHINE_H
#define ACRN_MACHINE_H

#include <stdbool.h>
#include <stdint.h>
#include "acrn_types.h"

#define ACRN_MAX_VMS	   16u
#define ACRN_MAX_VCPUS	   64u
#define ACRN_MACHINE_HOLES 8u
#define ACRN_MACHINE_PCI   64u

enum acrn_load_order {
	ACRN_PRE_LAUNCHED,
	ACRN_SERVICE_VM,
	ACRN_POST_LAUNCHED,
};

/* Severities, of which a Service VM may only touch those up to its own. */
enum acrn_severity {
	ACRN_SEVERITY_STANDARD = 0x10,
	ACRN_SEVERITY_SERVICE_VM = 0x20,
	ACRN_SEVERITY_RTVM = 0x30,
	ACRN_SEVERITY_SAFETY = 0x40,
};

/* A VM slot. One without ACRN_VM_STATIC_VM is free for a VM that create_vm brings its own name for.
 */
struct acrn_vm_slot {
	char name[ACRN_VM_NAME_LENGTH]; /* without a NUL if all are used */
	enum acrn_load_order load_order;
	uint8_t severity;
	uint16_t companion; /* the other one of a TEE and REE pair, ACRN_INVALID_VMID if none */
	uint64_t flags;	    /* enum acrn_vm_flags */
	uint64_t cpu_affinity;
};

struct acrn_address_range {
	uint64_t start, end; /* end is the first address that is not part of it */
};

struct acrn_pci_device {
	uint16_t bdf;
	bool bridge; /* the host bridge or another: not to be given to a User VM */
};

struct acrn_machine {
	uint16_t cpus;
	uint16_t max_vcpus; /* vCPUs that a VM may have */
	uint16_t service_vm;
	uint16_t vms; /* how many of vm[] there are */
	struct acrn_vm_slot vm[ACRN_MAX_VMS];
	uint16_t trusty_vms; /* VMs for whose secure world there is memory */

	/* The Service VM's guest-physical memory is host-physical memory but for these holes. */
	uint64_t memory_end;
	uint32_t holes;
	struct acrn_address_range hole[ACRN_MACHINE_HOLES]; /* page-aligned, ascending */
	struct acrn_address_range hypervisor;		    /* host-physical */

	uint32_t pci_devices;
	struct acrn_pci_device pci[ACRN_MACHINE_PCI];
	uint32_t physical_pins; /* of the IOAPIC */
	uint32_t virtual_pins;	/* of a User VM's IOAPIC */

	uint8_t cstates;  /* how many a VM is told of; 0 on most boards */
	bool debug_build; /* else the logging and profiling calls answer -EPERM */
};

extern const struct acrn_machine acrn_machine_default;

#endif
