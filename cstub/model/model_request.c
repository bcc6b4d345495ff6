/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An I/O request of a User VM's vCPU, from the page that it shares with the Service VM to the
 * answer: pending, taken up by the Service VM (processing), complete, free again. The vCPU waits
 * until the Service VM makes notify_request_finish, or reads the state over and over if its VM is
 * one that polls. One that is notified before its request is complete goes on without an answer,
 * and its slot stays taken.
 *
 * Source: dm/io_req.c (acrn_insert_request, dm_emulate_io_complete), common/hypercall.c of ACRN.
 */
#include "model_internal.h"

static uint64_t slot_address(const struct model_vm *vm, uint16_t vcpu, size_t field)
{
	return vm->ioreq_page + vcpu * sizeof(struct acrn_io_request) + field;
}

static bool read_state(struct acrn_model *model, const struct model_vm *vm, uint16_t vcpu,
		       uint32_t *state)
{
	return model_read_host(model, state,
			       slot_address(vm, vcpu, offsetof(struct acrn_io_request, processed)),
			       sizeof(*state));
}

static bool write_state(struct acrn_model *model, const struct model_vm *vm, uint16_t vcpu,
			uint32_t state)
{
	return model_write_host(model,
				slot_address(vm, vcpu, offsetof(struct acrn_io_request, processed)),
				&state, sizeof(state));
}

static bool polls(struct acrn_model *model, const struct model_vm *vm)
{
	return model_config(model, vm)->flags & ACRN_VM_IO_COMPLETION_POLLING;
}

static bool can_make_one(struct acrn_model *model, uint16_t vm, uint16_t vcpu)
{
	const struct model_vm *maker = vm < model->machine->vms ? &model->vm[vm] : NULL;
	uint32_t state;

	return maker && maker->state == ACRN_VM_RUNNING && vcpu < maker->vcpus &&
	       vcpu < ACRN_IOREQ_SLOTS && maker->ioreq_page != ACRN_INVALID_HPA &&
	       maker->vcpu[vcpu].request != ACRN_REQUEST_WAITS &&
	       read_state(model, maker, vcpu, &state) && state == ACRN_IOREQ_FREE;
}

bool acrn_model_make_request(struct acrn_model *model, uint16_t vm, uint16_t vcpu,
			     const struct acrn_io_request *request)
{
	const size_t before_state = offsetof(struct acrn_io_request, processed);
	struct acrn_io_request slot = *request;
	struct model_vm *maker;

	if (!can_make_one(model, vm, vcpu))
		return false;
	maker = &model->vm[vm];
	slot.completion_polling = polls(model, maker);
	if (!model_write_host(model, slot_address(maker, vcpu, 0), &slot, before_state) ||
	    !write_state(model, maker, vcpu, ACRN_IOREQ_PENDING))
		return false;
	maker->vcpu[vcpu].request = ACRN_REQUEST_WAITS;
	return true;
}

static uint64_t value_in(const struct acrn_io_request *slot)
{
	switch (slot->type) {
	case ACRN_IOREQ_PORTIO:
		return slot->reqs.pio_request.value;
	case ACRN_IOREQ_PCICFG:
		return slot->reqs.pci_request.value;
	case ACRN_IOREQ_MMIO:
	case ACRN_IOREQ_WRITE_PROTECT:
		break;
	}
	return slot->reqs.mmio_request.value;
}

static void take_answer(struct acrn_model *model, struct model_vm *vm, uint16_t vcpu)
{
	struct acrn_io_request slot;

	if (!model_read_host(model, &slot, slot_address(vm, vcpu, 0), sizeof(slot)) ||
	    !write_state(model, vm, vcpu, ACRN_IOREQ_FREE))
		return;
	vm->vcpu[vcpu].request = ACRN_REQUEST_ANSWERED;
	vm->vcpu[vcpu].answer = value_in(&slot);
}

void model_request_notified(struct acrn_model *model, struct model_vm *vm, uint16_t vcpu)
{
	uint32_t state;

	if (vm->vcpu[vcpu].request != ACRN_REQUEST_WAITS || polls(model, vm) ||
	    !read_state(model, vm, vcpu, &state))
		return;
	if (state == ACRN_IOREQ_COMPLETE)
		take_answer(model, vm, vcpu);
	else
		vm->vcpu[vcpu].request = ACRN_REQUEST_UNANSWERED;
}

enum acrn_request acrn_model_request(struct acrn_model *model, uint16_t vm, uint16_t vcpu,
				     uint64_t *answer)
{
	struct model_vm *maker;
	uint32_t state;

	if (vm >= model->machine->vms || vcpu >= ACRN_MAX_VCPUS)
		return ACRN_REQUEST_NONE;
	maker = &model->vm[vm];
	if (maker->vcpu[vcpu].request == ACRN_REQUEST_WAITS && polls(model, maker) &&
	    read_state(model, maker, vcpu, &state) && state == ACRN_IOREQ_COMPLETE)
		take_answer(model, maker, vcpu);
	*answer = maker->vcpu[vcpu].answer;
	return maker->vcpu[vcpu].request;
}

uint8_t acrn_model_callback_vector(const struct acrn_model *model)
{
	return (uint8_t)model->callback_vector;
}
