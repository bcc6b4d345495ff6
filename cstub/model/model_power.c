/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * pm_get_cpu_state. ACRN manages the CPUs' frequency itself, so that a VM has no P-states to see:
 * their count is 0 for a VM with hardware-controlled states and refused for all others. C-states
 * are the board's, often none; one is then as good as refused. A machine that has some has made-up
 * ones. The counts are single bytes.
 *
 * Source: common/hypercall.c of ACRN.
 */
#include "model_internal.h"

static int32_t put(struct model_call *call, const void *from, size_t size)
{
	return model_write(call->model, call->caller, call->arg2, from, size);
}

static int32_t pstate_count(struct model_call *call)
{
	const uint8_t none = 0;

	if (!(model_config(call->model, call->target)->flags & ACRN_VM_VHWP))
		return model_fail(
			call, "only a VM with ACRN_VM_VHWP is told how many P-states there are");
	return put(call, &none, sizeof(none));
}

static int32_t cstate_count(struct model_call *call)
{
	return put(call, &call->model->machine->cstates, sizeof(uint8_t));
}

static int32_t cstate(struct model_call *call, uint8_t number)
{
	struct acrn_cstate_data data = {
		.cx_reg = {.space_id = ACRN_ACPI_FIXED_HARDWARE,
			   .bit_width = 1,
			   .bit_offset = 2,
			   .access_size = 1,
			   .address = 0x10u * number},
		.type = number,
		.latency = 100u * number,
		.power = 1000u / (number ? number : 1u),
	};

	if (!number || number > call->model->machine->cstates)
		return model_fail_with(call, "the machine's C-states are 1 to %",
				       call->model->machine->cstates);
	return put(call, &data, sizeof(data));
}

int32_t model_pm_get_cpu_state(struct model_call *call)
{
	uint8_t number = (uint8_t)(call->arg1 >> 8);

	switch ((uint8_t)call->arg1) {
	case ACRN_PM_PX_COUNT:
		return pstate_count(call);
	case ACRN_PM_PX_DATA:
		return model_fail(call, "ACRN keeps the P-states to itself");
	case ACRN_PM_CX_COUNT:
		return cstate_count(call);
	case ACRN_PM_CX_DATA:
		return cstate(call, number);
	default:
		return model_fail(call, "there is no command of that type");
	}
}
