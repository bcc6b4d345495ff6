/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Calls of a VM that is not the Service VM: Trusty's secure world (initialize_trusty, world_switch,
 * save_restore_sworld_ctx) and a TEE beside a REE (tee_vcpu_boot_done, switch_ee).
 *
 * The model has one set of registers for a vCPU, its caller's: that ACRN lets world_switch return
 * into the other world, and lets a TEE's vCPU sleep, is for the caller to bring about. A TEE
 * without a companion crashes ACRN; the model answers -EINVAL.
 *
 * Source: common/trusty_hypercall.c, arch/x86/guest/{trusty.c,optee.c} of ACRN.
 */
#include "model_internal.h"

#define TRUSTY_VERSION_1 1u
#define TRUSTY_VERSION_2 2u

#define NO_WORLD "the VM has no secure world"

int32_t model_initialize_trusty(struct model_call *call)
{
	struct model_vm *vm = call->caller;
	struct trusty_boot_param boot;

	if (!vm->world_supported)
		return model_refuse(call, -ACRN_EPERM, NO_WORLD);
	if (vm->world_active || call->vcpu->in_secure_world)
		return model_refuse(call, -ACRN_EPERM, "the secure world is there already");
	if (model_read(call->model, vm, &boot, call->arg1, sizeof(boot)))
		return -ACRN_EFAULT;
	if (boot.version != TRUSTY_VERSION_1 && boot.version != TRUSTY_VERSION_2)
		return -ACRN_EFAULT;
	call->vcpu->in_secure_world = true;
	vm->world_active = true;
	return 0;
}

int32_t model_world_switch(struct model_call *call)
{
	if (!call->caller->world_supported)
		return model_refuse(call, -ACRN_EPERM, NO_WORLD);
	if (!call->caller->world_active)
		return model_refuse(call, -ACRN_EPERM, "initialize_trusty has not made it yet");
	call->vcpu->in_secure_world = !call->vcpu->in_secure_world;
	return 0;
}

int32_t model_save_restore_sworld_ctx(struct model_call *call)
{
	struct model_vm *vm = call->caller;

	if (call->vcpu_id)
		return model_refuse(call, -ACRN_EPERM, "it is not made on the VM's vCPU 0");
	if (!vm->world_supported)
		return model_refuse(call, -ACRN_EPERM, NO_WORLD);
	if (!vm->world_active && !vm->world_saved)
		return -ACRN_EINVAL;
	vm->world_saved = vm->world_active;
	vm->world_active = true;
	return 0;
}

static struct model_vm *companion_of(struct acrn_model *model, const struct model_vm *vm)
{
	uint16_t id = model_config(model, vm)->companion;

	return id < model->machine->vms ? &model->vm[id] : NULL;
}

int32_t model_tee_vcpu_boot_done(struct model_call *call)
{
	struct model_vm *ree = companion_of(call->model, call->caller);

	if (call->arg1 != 1)
		return 0;
	if (!ree)
		return -ACRN_EINVAL;
	model_start_vm(ree);
	return 0;
}

/* The other side must have a vCPU on the caller's CPU. */
int32_t model_switch_ee(struct model_call *call)
{
	struct model_vm *other = companion_of(call->model, call->caller);
	uint16_t cpu = model_cpu_of(call->caller, call->vcpu_id);

	for (uint16_t i = 0; other && i < other->vcpus; i++)
		if (other->vcpu[i].state != MODEL_VCPU_OFFLINE && model_cpu_of(other, i) == cpu)
			return 0;
	return -ACRN_EINVAL;
}
