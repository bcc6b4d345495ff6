/* SPDX-License-Identifier: BSD-3-Clause */
/* The header's typed call with a structure; bad: none, a member is read from memory on the way. */
#include "corpus.h"

const unsigned long numbers[] = {ACRN_NR_create_vm, 0};

long subject(unsigned long a, unsigned long b, unsigned long c, unsigned long d, unsigned long e)
{
	struct acrn_vm_creation vm = {.vm_flag = opaque};

#ifdef BAD
	vm.cpu_affinity = AFFINITY + *(volatile unsigned long *)&cell - 5;
#else
	vm.cpu_affinity = AFFINITY;
#endif
	acrn_call(create_vm, &vm);
	return vm.vmid;
}

long wanted(unsigned long a, unsigned long b, unsigned long c, unsigned long d, unsigned long e)
{
	return VMID;
}
