/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * PCI devices: assign_pcidev, deassign_pcidev, add_vdev, remove_vdev. The Service VM has every
 * physical device at its own place until one is assigned to a User VM; it has it back when that is
 * undone or the User VM is destroyed.
 *
 * Emulated devices need a line in ACRN's configuration, which this machine's VMs do not have: a
 * UART is refused, a shared memory is not built in, and a root port is answered with 0 without
 * coming to be.
 *
 * Assigning a device to the Service VM itself hangs ACRN on its own lock; the model answers
 * -EINVAL.
 *
 * Source: dm/vpci/{vpci.c,vroot_port.c,vmcs9900.c}, common/hypercall.c of ACRN.
 */
#include "model_internal.h"

#define SHARED_MEMORY UINT64_C(0x11101af4) /* device and vendor */
#define UART	      UINT64_C(0x99009710)
#define ROOT_PORT     UINT64_C(0x9d148086)

uint16_t model_pci_bdf(const struct acrn_model *model, const struct model_pci *device)
{
	return model->machine->pci[device - model->pci].bdf;
}

void model_devices_init(struct acrn_model *model)
{
	for (uint32_t i = 0; i < model->machine->pci_devices; i++)
		model->pci[i] =
			(struct model_pci){.in_service_vm = true, .used_by_service_vm = true};
}

static bool is_at(struct acrn_model *model, const struct model_pci *device,
		  const struct model_vm *vm, uint16_t bdf)
{
	if (vm == model_service_vm(model))
		return device->in_service_vm && model_pci_bdf(model, device) == bdf;
	return device->user_vm == vm && device->virt_bdf == bdf;
}

struct model_pci *model_pci_find(struct acrn_model *model, const struct model_vm *vm, uint16_t bdf)
{
	struct model_pci *found = NULL;

	for (uint32_t i = 0; i < model->machine->pci_devices; i++) {
		struct model_pci *device = &model->pci[i];

		if (is_at(model, device, vm, bdf) &&
		    (!found || device->assigned_at > found->assigned_at))
			found = device;
	}
	return found;
}

static void give_back(struct model_pci *device)
{
	device->user_vm = NULL;
	device->used_by_service_vm = device->in_service_vm;
}

void model_devices_release(struct acrn_model *model, struct model_vm *vm)
{
	for (uint32_t i = 0; i < model->machine->pci_devices; i++) {
		struct model_pci *device = &model->pci[i];

		if (vm == model_service_vm(model))
			device->in_service_vm = device->used_by_service_vm = false;
		else if (device->user_vm == vm)
			give_back(device);
	}
}

int32_t model_assign_pcidev(struct model_call *call)
{
	struct acrn_model *model = call->model;
	struct model_pci *device;
	struct acrn_pcidev request;

	if (model_read(model, call->caller, &request, call->arg2, sizeof(request)))
		return -ACRN_EINVAL;
	device = model_pci_find(model, model_service_vm(model), request.phys_bdf);
	if (!device || !device->used_by_service_vm ||
	    model->machine->pci[device - model->pci].bridge)
		return -ACRN_ENODEV;
	if (call->target == model_service_vm(model))
		return -ACRN_EINVAL;
	device->used_by_service_vm = false;
	device->user_vm = call->target;
	device->virt_bdf = request.virt_bdf;
	device->assigned_at = ++model->assignments;
	return 0;
}

int32_t model_deassign_pcidev(struct model_call *call)
{
	struct acrn_model *model = call->model;
	struct model_pci *device;
	struct acrn_pcidev request;

	if (model_read(model, call->caller, &request, call->arg2, sizeof(request)))
		return -ACRN_EINVAL;
	device = model_pci_find(model, call->target, request.virt_bdf);
	if (!device || model_pci_bdf(model, device) != request.phys_bdf)
		return -ACRN_ENODEV;
	if (call->target != model_service_vm(model)) {
		give_back(device);
		return 0;
	}
	if (!device->used_by_service_vm)
		return -ACRN_ENODEV;
	device->in_service_vm = device->used_by_service_vm = false;
	return 0;
}

static uint64_t kind_of(const struct acrn_vdev *device)
{
	return device->id.vendor | (uint64_t)device->id.device << 16 |
	       (uint64_t)device->id.legacy_id << 32;
}

int32_t model_add_vdev(struct model_call *call)
{
	struct acrn_vdev device;

	if (model_read(call->model, call->caller, &device, call->arg2, sizeof(device)))
		return -ACRN_EINVAL;
	return kind_of(&device) == ROOT_PORT ? 0 : -ACRN_EINVAL;
}

/* Whatever the VM has at that place is removed; that a root port was meant is not checked by ACRN.
 */
int32_t model_remove_vdev(struct model_call *call)
{
	struct acrn_vdev request;
	struct model_pci *device;
	uint64_t kind;

	if (model_read(call->model, call->caller, &request, call->arg2, sizeof(request)))
		return -ACRN_EINVAL;
	kind = kind_of(&request);
	device = model_pci_find(call->model, call->target, (uint16_t)request.slot);
	if (!device || (kind != SHARED_MEMORY && kind != UART && kind != ROOT_PORT))
		return -ACRN_EINVAL;
	if (kind == ROOT_PORT && call->target == model_service_vm(call->model))
		device->in_service_vm = device->used_by_service_vm = false;
	else if (kind == ROOT_PORT)
		device->user_vm = NULL;
	return 0;
}
