/* SPDX-License-Identifier: BSD-3-Clause */
/* movl of a number known at run time; good: %k1, bad: %1 with "g". */
#include "corpus.h"

const unsigned long numbers[] = {ACRN_NR_start_vm, 0};

ALWAYS long hypercall1(unsigned long nr, unsigned long vmid)
{
	long result;

#ifdef BAD
	asm volatile("movl %1, %%r8d\n\tvmcall"
		     : "=a"(result)
		     : "g"(nr), "D"(vmid)
		     : "r8", "memory");
#else
	asm volatile("movl %k1, %%r8d\n\tvmcall"
		     : "=a"(result)
		     : "g"(nr), "D"(vmid)
		     : "r8", "memory");
#endif
	return result;
}

long subject(unsigned long a, unsigned long b, unsigned long c, unsigned long d, unsigned long e)
{
	return hypercall1(ACRN_NR_start_vm + opaque, a);
}

long wanted(unsigned long a, unsigned long b, unsigned long c, unsigned long d, unsigned long e)
{
	return answer;
}
