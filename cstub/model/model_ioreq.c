/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * I/O requests and the buffers that a VM shares with the Service VM: set_ioreq_buffer,
 * notify_request_finish, asyncio_assign, asyncio_deassign, setup_sbuf.
 *
 * The page of requests need not be aligned, and is reached host-physical from its start on. As no
 * VM runs, asynchronous requests are never made and need not be remembered. asyncio_assign before
 * its buffer is set up crashes ACRN; the model answers -1. What becomes of a request that is made
 * for a VM is model_request.c's.
 *
 * Source: common/hypercall.c, common/sbuf.c, common/vm_event.c, dm/io_req.c of ACRN.
 */
#include "model_internal.h"

#define PER_CPU_BUFFERS 4u /* ids 0 to 3 are one a physical CPU */

void model_ioreqs_set_free(struct acrn_model *model, const struct model_vm *vm)
{
	const uint32_t state = ACRN_IOREQ_FREE;

	if (vm->ioreq_page == ACRN_INVALID_HPA)
		return;
	for (uint64_t slot = 0; slot < ACRN_IOREQ_SLOTS; slot++)
		model_write_host(model,
				 vm->ioreq_page + slot * sizeof(struct acrn_io_request) +
					 offsetof(struct acrn_io_request, processed),
				 &state, sizeof(state));
}

int32_t model_set_ioreq_buffer(struct model_call *call)
{
	struct acrn_ioreq_buffer buffer;

	if (model_read(call->model, call->caller, &buffer, call->arg2, sizeof(buffer)))
		return model_fail(call, MODEL_UNREADABLE);
	call->target->ioreq_page = model_map_find(call->model, call->caller, buffer.gpa);
	model_ioreqs_set_free(call->model, call->target);
	if (call->target->ioreq_page == ACRN_INVALID_HPA)
		return model_fail_with(call, "the page at % is not in the caller's memory",
				       buffer.gpa);
	return 0;
}

int32_t model_notify_request_finish(struct model_call *call)
{
	struct model_vm *vm = call->target;

	if (!model_severity_allows(call->model, vm))
		return model_fail(call, MODEL_SEVERITY);
	if (vm->ioreq_page == ACRN_INVALID_HPA)
		return model_fail(call, MODEL_NO_IOREQS);
	if ((uint16_t)call->arg2 >= vm->vcpus)
		return model_fail_with(call, "vcpu is not below %, so many vCPUs the VM has",
				       vm->vcpus);
	model_request_notified(call->model, vm, (uint16_t)call->arg2);
	return 0;
}

int32_t model_asyncio_assign(struct model_call *call)
{
	struct acrn_asyncio_info info;

	if (model_read(call->model, call->caller, &info, call->arg2, sizeof(info)))
		return model_fail(call, MODEL_UNREADABLE);
	if (info.addr && !call->target->asyncio_ready)
		return model_fail(call, "the VM has no asynchronous buffer yet, which setup_sbuf "
					"gives it");
	return 0;
}

int32_t model_asyncio_deassign(struct model_call *call)
{
	struct acrn_asyncio_info info;

	if (model_read(call->model, call->caller, &info, call->arg2, sizeof(info)))
		return model_fail(call, MODEL_UNREADABLE);
	return 0;
}

/* A buffer for one VM must be there and bear the magic; one for a CPU is taken as it is. */
static bool has_magic(struct model_call *call, uint64_t gpa)
{
	uint64_t hpa = model_map_find(call->model, call->caller, gpa);
	uint64_t magic;

	return hpa != ACRN_INVALID_HPA &&
	       model_read_host(call->model, &magic, hpa, sizeof(magic)) && magic == ACRN_SBUF_MAGIC;
}

int32_t model_setup_sbuf(struct model_call *call)
{
	const struct acrn_machine *machine = call->model->machine;
	struct acrn_sbuf_param param;

	if (model_read(call->model, call->caller, &param, call->arg2, sizeof(param)))
		return model_fail(call, MODEL_UNREADABLE);
	if (!param.gpa)
		return model_fail(call, "gpa is 0");
	if (param.sbuf_id < PER_CPU_BUFFERS && !machine->debug_build)
		return model_refuse(call, -ACRN_EPERM, MODEL_RELEASE);
	if (param.sbuf_id < PER_CPU_BUFFERS)
		return param.cpu_id < machine->cpus ? 0 : -ACRN_EINVAL;
	if (param.sbuf_id != ACRN_SBUF_ASYNCIO && param.sbuf_id != ACRN_SBUF_VM_EVENT)
		return model_fail(call, "there is no buffer of that sbuf_id");
	if (!has_magic(call, param.gpa))
		return model_fail_with(
			call, "what is at % does not begin with a shared_buf's magic", param.gpa);
	if (param.sbuf_id == ACRN_SBUF_ASYNCIO)
		call->target->asyncio_ready = true;
	return 0;
}
