/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A vCPU of the guest; each runs on the physical CPU of its number and never moves.
 */
#ifndef HYPERVISOR_VCPU_H
#define HYPERVISOR_VCPU_H

#include "vmcb.h"

/* The order of the instruction encoding, of ACRN's struct acrn_gp_regs and of break_registers. */
enum gpr { RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8, R9, R10, R11, R12, R13, R14, R15, GPRS };

struct vcpu {
	struct vmcb vmcb;
	struct vmcb host; /* where VMSAVE puts what VMRUN does not switch */
	uint8_t host_save_area[4096];
	uint64_t gprs[GPRS];
	uint64_t vmcb_physical, host_physical;
	uint16_t number;

	uint64_t break_mask; /* break_registers */
	uint32_t break_number;
};

/* Runs a vCPU from PVH's initial state on; `start_info` is its EBX. */
_Noreturn void vcpu_start(unsigned number, uint32_t entry, uint32_t start_info);

/* Puts the one vCPU that is not running at `entry`, on the CPU that it belongs to. */
void vcpu_start_second(uint32_t entry);

/* Enters the guest until its next exit (vcpu_run.S). */
void vcpu_run(struct vcpu *vcpu);

/* Deals with the exit that just happened (exits.c). */
void handle_exit(struct vcpu *vcpu);

/* Answers the hypercall whose instruction is at RIP (hypercall.c). */
void hypercalls_init(void);
void handle_hypercall(struct vcpu *vcpu);

/* The guest goes on after the instruction at RIP, which is `length` bytes long. */
static inline void vcpu_skip(struct vcpu *vcpu, unsigned length)
{
	vcpu->vmcb.rip += length;
	vcpu->vmcb.interrupt_shadow = 0;
}

void vcpu_inject_ud(struct vcpu *vcpu);
void vcpu_inject_gp(struct vcpu *vcpu);

#endif
