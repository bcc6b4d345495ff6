/* SPDX-License-Identifier: BSD-3-Clause */
/* The hypervisor reads a structure; bad: without the memory clobber. */
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

long subject(unsigned long a, unsigned long b, unsigned long c, unsigned long d, unsigned long e)
{
	struct acrn_vm_creation vm = {.cpu_affinity = AFFINITY};

	return hypercall1(ACRN_NR_create_vm, &vm);
}

long wanted(unsigned long a, unsigned long b, unsigned long c, unsigned long d, unsigned long e)
{
	return answer;
}
