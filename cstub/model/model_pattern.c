/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Answers with a known pattern instead of ACRN's own, for tests of what reads them: a machine
 * without the device, or a caller without the permission, could never get some of them.
 *
 * Which bytes a call writes: hypervisor/common/hypercall.c and debug/{hypercall.c,profiling.c} of
 * ACRN.
 */
#include "model_internal.h"

/* `count` bytes from `first` on of the structure at the call's argument number `argument`. */
struct answer {
	uint8_t argument;
	uint16_t first, count;
};

#define ALL(number, type)                                                                          \
	{                                                                                          \
		.argument = number, .count = sizeof(type)                                          \
	}
#define FROM(number, type, field)                                                                  \
	{                                                                                          \
		.argument = number, .first = __builtin_offsetof(struct type, field),               \
		.count = sizeof(struct type) - __builtin_offsetof(struct type, field)              \
	}

static const struct answer by_index[] = {
	[0x00] = ALL(1, struct hc_api_version),
	[0x10] = {.argument = 1, .count = __builtin_offsetof(struct acrn_vm_creation, reserved1)},
	[0x24] = FROM(2, acrn_intr_monitor, buf_cnt),
	[0x41] = FROM(2, vm_gpa2hpa, hpa),
	[0x61] = {.argument = 1,
		  .first = 2, /* res, a bit field */
		  .count = sizeof(struct hv_npk_log_param) - 2},
	[0x63] = ALL(1, struct acrn_hw_info),
};

static const struct answer by_profiling_command[] = {
	[ACRN_PROFILING_MSR_OPS] = ALL(2, struct profiling_msr_ops_list),
	[ACRN_PROFILING_GET_VMINFO] = ALL(2, struct profiling_vm_info_list),
	[ACRN_PROFILING_GET_VERSION] = ALL(2, struct profiling_version_info),
	[ACRN_PROFILING_GET_CONTROL_SWITCH] = FROM(2, profiling_control, switches),
	[ACRN_PROFILING_GET_PCPUID] = FROM(2, profiling_pcpuid, eax),
	[ACRN_PROFILING_GET_STATUS] = ALL(2, struct profiling_status),
};

static const struct answer by_pm_type[] = {
	[ACRN_PM_PX_COUNT] = ALL(2, uint8_t),
	[ACRN_PM_PX_DATA] = ALL(2, struct acrn_pstate_data),
	[ACRN_PM_CX_COUNT] = ALL(2, uint8_t),
	[ACRN_PM_CX_DATA] = ALL(2, struct acrn_cstate_data),
};

static const struct answer *answer_in(const struct answer *table, uint64_t rows, uint64_t row)
{
	return row < rows && table[row].count ? &table[row] : NULL;
}

#define ANSWER_IN(table, row) answer_in(table, sizeof(table) / sizeof(*(table)), row)

static const struct answer *answer_to(uint8_t index, uint64_t arg1)
{
	switch (index) {
	case 0x62:
		return ANSWER_IN(by_profiling_command, arg1);
	case 0x80:
		return ANSWER_IN(by_pm_type, arg1 & 0xff);
	default:
		return ANSWER_IN(by_index, index);
	}
}

int32_t model_answer_with_pattern(struct model_call *call, uint8_t index)
{
	const struct answer *answer = answer_to(index, call->arg1);
	uint64_t gpa;

	if (!answer)
		return 0;
	gpa = answer->argument == 1 ? call->arg1 : call->arg2;
	for (uint16_t n = answer->first; n < answer->first + answer->count; n++) {
		uint8_t byte = (uint8_t)(call->model->answer_pattern + n);

		if (model_write(call->model, call->caller, gpa + n, &byte, 1))
			return -ACRN_EINVAL;
	}
	return 0;
}
