/* SPDX-License-Identifier: BSD-3-Clause */
/* The hypervisor reads and writes a static structure; bad: without the memory clobber. */
#include "corpus.h"

const unsigned long numbers[] = {ACRN_NR_create_vm, 0};

ALWAYS long hypercall1(unsigned long nr, void *argument)
{
	long result;

#ifdef BAD
	asm volatile("movl %k1, %%r8d\n\tvmcall" : "=a"(result) : "ri"(nr), "D"(argument) : "r8");
#else
	asm volatile("movl %k1, %%r8d\n\tvmcall"
		     : "=a"(result)
		     : "ri"(nr), "D"(argument)
		     : "r8", "memory");
#endif
	return result;
}

static struct acrn_vm_creation vm;

long subject(unsigned long a, unsigned long b, unsigned long c, unsigned long d, unsigned long e)
{
	vm.cpu_affinity = AFFINITY;
	vm.vmid = 1;
	hypercall1(ACRN_NR_create_vm, &vm);
	return vm.vmid;
}

long wanted(unsigned long a, unsigned long b, unsigned long c, unsigned long d, unsigned long e)
{
	return VMID;
}
