/* SPDX-License-Identifier: BSD-3-Clause */
#include "acrn_recorder.h"

#define VMCALL_SIZE 3

static int is_vmcall(uint64_t rip)
{
	const uint8_t *bytes = (const uint8_t *)rip;

	return bytes[0] == 0x0f && bytes[1] == 0x01 && bytes[2] == 0xc1;
}

int acrn_fault_at(uint64_t *rip, uint64_t *rax)
{
	if (*rax != ACRN_CALL_TOKEN_ || !is_vmcall(*rip))
		return 0;
	*rip += VMCALL_SIZE;
	*rax = (uint64_t)ACRN_FAULTED;
	return 1;
}
