/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The structures that KVM's hypercalls take, with KVM's layout (x86-64, little endian). As
 * acrn_types.h, compiled with debug information this file is the schema by which a trace is
 * decoded.
 *
 * Freestanding: needs only <stdint.h>.
 *
 * Source: Linux 6.12, arch/x86/include/uapi/asm/kvm_para.h and
 * Documentation/virt/kvm/x86/hypercalls.rst; the ICR is xAPIC's low half, Intel SDM volume 3,
 * 11.6.1, of which KVM takes vector, delivery mode and trigger mode (arch/x86/kvm/lapic.c,
 * kvm_pv_send_ipi). Three names are ours, since Linux has none: kvm_clock_type, kvm_ipi_icr,
 * kvm_map_attributes.
 */
#ifndef KVM_TYPES_H
#define KVM_TYPES_H

#include <stdint.h>

enum kvm_clock_type {
	KVM_CLOCK_PAIRING_WALLCLOCK = 0,
};

struct kvm_clock_pairing {
	int64_t sec; /* of the host's clock of that type */
	int64_t nsec;
	uint64_t tsc; /* the guest's TSC at that time */
	uint32_t flags;
	uint32_t pad[9];
};

/* send_ipi's last argument: a register, not memory. */
struct kvm_ipi_icr {
	uint64_t vector : 8;
	uint64_t delivery_mode : 3;
	uint64_t dest_mode : 1;
	uint64_t status : 1;
	uint64_t reserved0 : 1;
	uint64_t level : 1;
	uint64_t trigger_mode : 1;
	uint64_t reserved1 : 48;
};

/* map_gpa_range's last argument: a register, not memory. */
struct kvm_map_attributes {
	uint64_t page_size : 4; /* 0: 4 KiB, 1: 2 MiB, 2: 1 GiB, ...; what the guest prefers */
	uint64_t encrypted : 1;
	uint64_t reserved : 59;
};

#endif
