/* SPDX-License-Identifier: BSD-3-Clause */
#include "acrn_recorder.h"
#include "hypercall_abi.h"

#define VMCALL hypercall_instructions[HYPERCALL_INSTRUCTION_vmcall]

static int is_vmcall(uint64_t rip)
{
	const uint8_t *bytes = (const uint8_t *)rip;

	for (unsigned i = 0; i < VMCALL.size; i++)
		if (bytes[i] != VMCALL.bytes[i])
			return 0;
	return 1;
}

int acrn_fault_at(uint64_t *rip, uint64_t *rax)
{
	if (*rax != ACRN_CALL_TOKEN_ || !is_vmcall(*rip))
		return 0;
	*rip += VMCALL.size;
	*rax = (uint64_t)ACRN_FAULTED;
	return 1;
}
