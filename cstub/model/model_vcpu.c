/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * vCPUs: set_vcpu_regs, create_vcpu (which does nothing), service_vm_offline_cpu. The registers
 * themselves are only checked, since a User VM never runs.
 *
 * Source: common/hypercall.c and arch/x86/guest/virtual_cr.c of ACRN; the bits are the SDM's.
 */
#include "model_internal.h"

/* CR0: PE MP EM TS ET WP AM NW CD PG are the guest's; NE is fixed to 1, all else to 0. */
#define CR0_GUEST UINT64_C(0xe005001f)
#define CR0_FIXED UINT64_C(0x00000020)

/* CR4: all of bits 0 to 24 but VMXE, SMXE, 15, SMAP's neighbours not yet defined, CET. */
#define CR4_GUEST UINT64_C(0x017f1fff & ~0x00008000)

static bool control_registers_valid(const struct acrn_regs *regs)
{
	return (regs->cr0 & ~CR0_GUEST) == CR0_FIXED && !(regs->cr4 & ~CR4_GUEST);
}

int32_t model_set_vcpu_regs(struct model_call *call)
{
	struct acrn_vcpu_regs regs;

	if (!call->arg2 || model_read(call->model, call->caller, &regs, call->arg2, sizeof(regs)))
		return model_fail(call, MODEL_UNREADABLE);
	if (regs.vcpu_id >= call->model->machine->max_vcpus ||
	    call->target->vcpu[regs.vcpu_id].state == MODEL_VCPU_OFFLINE)
		return model_fail_with(call, "the VM has no vCPU %", regs.vcpu_id);
	if (!control_registers_valid(&regs.vcpu_regs))
		return model_fail(call, "cr0 or cr4 has bits that a VM must not set, or lacks NE");
	return 0;
}

int32_t model_create_vcpu(struct model_call *call)
{
	(void)call;
	return 0;
}

/* A LAPIC's id is its CPU's number; 0 also when no vCPU has it. */
int32_t model_service_vm_offline_cpu(struct model_call *call)
{
	struct model_vm *vm = call->caller;

	for (uint16_t i = 0; i < vm->vcpus; i++) {
		if (vm->vcpu[i].state == MODEL_VCPU_OFFLINE ||
		    model_cpu_of(vm, i) != (uint32_t)call->arg1)
			continue;
		if (i == 0)
			return model_fail(call, "that is the CPU that the Service VM booted on");
		vm->vcpu[i].state = MODEL_VCPU_OFFLINE;
	}
	return 0;
}
