/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Devices that are nothing but memory: assign_mmiodev, deassign_mmiodev. Their pages move from one
 * VM's memory map to the other's, resource by resource, and stay where they got to when one is
 * refused.
 *
 * Source: dm/mmio_dev.c of ACRN.
 */
#include "model_internal.h"

#define ALL_ACCESS (ACRN_MEM_READ | ACRN_MEM_WRITE | ACRN_MEM_EXECUTE)

static bool aligned(uint64_t value)
{
	return !(value & (PAGE_4K - 1));
}

/* The Service VM has a device where the machine has it. */
static uint64_t place_in(struct acrn_model *model, const struct model_vm *vm,
			 const struct acrn_mmiores *resource)
{
	return model_is_service_vm(model, vm) ? resource->host_pa : resource->user_vm_pa;
}

static int32_t give(struct acrn_model *model, struct model_vm *vm,
		    const struct acrn_mmiodev *device)
{
	for (size_t i = 0; i < ACRN_MMIODEV_RESOURCES; i++) {
		const struct acrn_mmiores *resource = &device->res[i];
		int32_t result;

		if (!aligned(resource->user_vm_pa | resource->host_pa | resource->size))
			return -ACRN_EINVAL;
		result = model_map_add(model, vm, resource->host_pa, place_in(model, vm, resource),
				       resource->size, ALL_ACCESS);
		if (result)
			return result;
	}
	return 0;
}

/* A resource that the VM does not have is passed over, whatever its alignment. */
static int32_t take(struct acrn_model *model, struct model_vm *vm,
		    const struct acrn_mmiodev *device)
{
	for (size_t i = 0; i < ACRN_MMIODEV_RESOURCES; i++) {
		uint64_t place = place_in(model, vm, &device->res[i]);
		uint64_t size = device->res[i].size;
		int32_t result;

		if (!model_map_covers(model, vm, place, size))
			continue;
		if (!aligned(place | size))
			return -ACRN_EINVAL;
		result = model_map_remove(model, vm, place, size);
		if (result)
			return result;
	}
	return 0;
}

static int32_t move(struct model_call *call, struct model_vm *from, struct model_vm *to)
{
	struct acrn_mmiodev device;
	int32_t result;

	if (model_read(call->model, call->caller, &device, call->arg2, sizeof(device)))
		return -ACRN_EINVAL;
	result = take(call->model, from, &device);
	return result ? result : give(call->model, to, &device);
}

int32_t model_assign_mmiodev(struct model_call *call)
{
	return move(call, call->caller, call->target);
}

int32_t model_deassign_mmiodev(struct model_call *call)
{
	return move(call, call->target, call->caller);
}
