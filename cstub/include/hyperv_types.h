/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The control word of Hyper-V's hypercalls, and the structures that they take, with Hyper-V's
 * layout (x86-64, little endian). As acrn_types.h, compiled with debug information this file is the
 * schema by which a trace is decoded.
 *
 * Freestanding: needs only <stdint.h>.
 *
 * Source: the TLFS, "Hypercall Inputs"; Linux 6.12, include/asm-generic/hyperv-tlfs.h. What follows
 * a structure in an array that the control word counts is not decoded.
 */
#ifndef HYPERV_TYPES_H
#define HYPERV_TYPES_H

#include <stdint.h>

/* The first argument: a register, not memory. */
struct hv_control {
	uint64_t code : 16;
	uint64_t fast : 1;	       /* input is in registers */
	uint64_t variable_header : 10; /* in units of 8 bytes */
	uint64_t reserved0 : 4;
	uint64_t nested : 1;
	uint64_t rep_count : 12;
	uint64_t reserved1 : 4;
	uint64_t rep_start : 12;
	uint64_t reserved2 : 4;
};

struct hv_flush {
	uint64_t address_space;
	uint64_t flags;
	uint64_t processor_mask;
};

/* What RDX and R8 have of it in a fast call; the mask is in XMM0, which no trace has. */
struct hv_flush_fast {
	uint64_t address_space;
	uint64_t flags;
};

struct hv_send_ipi {
	uint32_t vector;
	uint32_t reserved;
	uint64_t cpu_mask;
};

struct hv_post_message {
	uint32_t connection_id;
	uint32_t reserved;
	uint32_t type;
	uint32_t payload_size;
};

struct hv_signal_event {
	uint32_t connection_id;
	uint16_t flag_number;
	uint16_t reserved;
};

struct hv_partition_id {
	uint64_t partition_id;
};

struct hv_get_vp_registers {
	uint64_t partition_id;
	uint32_t vp_index;
	uint8_t target_vtl;
	uint8_t reserved[3];
};

struct hv_get_vp_from_apic_id {
	uint64_t partition_id;
	uint8_t target_vtl;
	uint8_t reserved[7];
};

struct hv_retarget_interrupt {
	uint64_t partition_id;
	uint64_t device_id;
};

struct hv_ext_capabilities {
	uint64_t capabilities;
};

#endif
