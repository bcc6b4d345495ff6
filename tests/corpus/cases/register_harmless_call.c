/* SPDX-License-Identifier: BSD-3-Clause */
/* A register variable for R8; bad: a call between, of a function here that leaves R8 alone at
 * higher levels. */
#include "corpus.h"

const unsigned long numbers[] = {ACRN_NR_start_vm, 0};

NEVER void count(void)
{
	cell++;
}

ALWAYS long hypercall1(unsigned long nr, unsigned long vmid)
{
#ifdef BAD
	register unsigned long r8 asm("r8") = nr;
	long result;

	count();
#else
	count();
	register unsigned long r8 asm("r8") = nr;
	long result;

#endif
	asm volatile("vmcall" : "=a"(result) : "r"(r8), "D"(vmid) : "memory");
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
