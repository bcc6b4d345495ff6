/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Compiled to assembly only, from which the build takes asm-offsets.h: the places of the fields
 * that vcpu_run.S uses.
 */
#include <stddef.h>

#include "vcpu.h"

#define OFFSET(name, field)                                                                        \
	__asm__ volatile(".ascii \"@#define " #name " %c0@\"" : : "i"(offsetof(struct vcpu, field)))

void asm_offsets(void);

void asm_offsets(void)
{
	OFFSET(VCPU_GPRS, gprs);
	OFFSET(VCPU_VMCB_PHYSICAL, vmcb_physical);
	OFFSET(VCPU_HOST_PHYSICAL, host_physical);
}
