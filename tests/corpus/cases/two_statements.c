/* SPDX-License-Identifier: BSD-3-Clause */
/* The load of R8 and VMCALL; bad: in two asm statements, with a call between them. */
#include "corpus.h"

const unsigned long numbers[] = {ACRN_NR_start_vm, 0};

ALWAYS long hypercall1(unsigned long nr, unsigned long vmid)
{
	long result;

#ifdef BAD
	asm volatile("movl %k0, %%r8d" : : "r"(nr) : "r8");
	vmid = compute(vmid) - 1;
	asm volatile("vmcall" : "=a"(result) : "D"(vmid) : "memory");
#else
	vmid = compute(vmid) - 1;
	asm volatile("movl %k1, %%r8d\n\tvmcall"
		     : "=a"(result)
		     : "r"(nr), "D"(vmid)
		     : "r8", "memory");
#endif
	return result;
}

long subject(unsigned long a, unsigned long b, unsigned long c, unsigned long d, unsigned long e)
{
	return hypercall1(ACRN_NR_start_vm, a);
}

long wanted(unsigned long a, unsigned long b, unsigned long c, unsigned long d, unsigned long e)
{
	return answer;
}
