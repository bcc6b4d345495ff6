/* SPDX-License-Identifier: BSD-3-Clause */
/* A number of the table; bad: one that is not. */
#include "corpus.h"

#ifdef BAD
#define NUMBER 0x800000ff
#else
#define NUMBER ACRN_NR_start_vm
#endif
const unsigned long numbers[] = {NUMBER, 0};

ALWAYS long hypercall1(unsigned long nr, unsigned long vmid)
{
	long result;

	asm volatile("movl %k1, %%r8d\n\tvmcall"
		     : "=a"(result)
		     : "r"(nr), "D"(vmid)
		     : "r8", "memory");
	return result;
}

long subject(unsigned long a, unsigned long b, unsigned long c, unsigned long d, unsigned long e)
{
	return hypercall1(NUMBER, a);
}

long wanted(unsigned long a, unsigned long b, unsigned long c, unsigned long d, unsigned long e)
{
	return answer;
}
