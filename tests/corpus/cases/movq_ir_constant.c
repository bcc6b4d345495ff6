/* SPDX-License-Identifier: BSD-3-Clause */
/* movq of a constant; good: "r", bad: "ir", where the assembler has to find a form. */
#include "corpus.h"

const unsigned long numbers[] = {ACRN_NR_start_vm, 0};

ALWAYS long hypercall1(unsigned long nr, unsigned long vmid)
{
	long result;

#ifdef BAD
	asm volatile("movq %1, %%r8\n\tvmcall"
		     : "=a"(result)
		     : "ir"(nr), "D"(vmid)
		     : "r8", "memory");
#else
	asm volatile("movq %1, %%r8\n\tvmcall"
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
