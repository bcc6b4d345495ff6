/* SPDX-License-Identifier: BSD-3-Clause */
/* A number of 33 bits; bad: moved by a 32-bit move. */
#include "corpus.h"

const unsigned long numbers[] = {NR_wide, 0};

ALWAYS long hypercall1(unsigned long nr, unsigned long vmid)
{
	long result;

#ifdef BAD
	asm volatile("movl %k1, %%r8d\n\tvmcall"
		     : "=a"(result)
		     : "r"(nr), "D"(vmid)
		     : "r8", "memory");
#else
	asm volatile("mov %1, %%r8\n\tvmcall" : "=a"(result) : "r"(nr), "D"(vmid) : "r8", "memory");
#endif
	return result;
}

long subject(unsigned long a, unsigned long b, unsigned long c, unsigned long d, unsigned long e)
{
	return hypercall1(NR_wide, a);
}

long wanted(unsigned long a, unsigned long b, unsigned long c, unsigned long d, unsigned long e)
{
	return answer;
}
