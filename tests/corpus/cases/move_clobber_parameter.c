/* SPDX-License-Identifier: BSD-3-Clause */
/* An explicit move to R8; bad: without the R8 clobber, the fifth parameter lives there. */
#include "corpus.h"

const unsigned long numbers[] = {ACRN_NR_start_vm, 0};

ALWAYS long hypercall1(unsigned long nr, unsigned long vmid)
{
	long result;

#ifdef BAD
	asm volatile("movl %k1, %%r8d\n\tvmcall" : "=a"(result) : "r"(nr), "D"(vmid) : "memory");
#else
	asm volatile("movl %k1, %%r8d\n\tvmcall"
		     : "=a"(result)
		     : "r"(nr), "D"(vmid)
		     : "r8", "memory");
#endif
	return result;
}

NEVER long outer(unsigned long a, unsigned long b, unsigned long c, unsigned long d,
		 unsigned long e)
{
	return hypercall1(ACRN_NR_start_vm, a) + (b ^ c ^ d ^ e);
}

long subject(unsigned long a, unsigned long b, unsigned long c, unsigned long d, unsigned long e)
{
	return outer(a, b, c, d, e + opaque);
}

long wanted(unsigned long a, unsigned long b, unsigned long c, unsigned long d, unsigned long e)
{
	return answer + (b ^ c ^ d ^ e);
}
