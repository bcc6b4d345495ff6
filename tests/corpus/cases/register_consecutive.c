/* SPDX-License-Identifier: BSD-3-Clause */
/* Two calls with register variables, the second's number made of the first's; bad: a parameter is.
 */
#include "corpus.h"

const unsigned long numbers[] = {ACRN_NR_start_vm,
#ifndef BAD
				 ACRN_NR_pause_vm,
#endif
				 0};

#ifdef BAD
ALWAYS long hypercall1(unsigned long nr, unsigned long vmid)
{
	long result;

	asm volatile("mov %1, %%r8\n\tvmcall" : "=a"(result) : "r"(nr), "D"(vmid) : "memory");
	return result;
}

long subject(unsigned long a, unsigned long b, unsigned long c, unsigned long d, unsigned long e)
{
	long result = hypercall1(ACRN_NR_start_vm, a);

	return result + d + (e + 1);
}

long wanted(unsigned long a, unsigned long b, unsigned long c, unsigned long d, unsigned long e)
{
	return answer + d + (e + 1);
}
#else
ALWAYS long hypercall1(unsigned long nr, unsigned long vmid)
{
	register unsigned long r8 asm("r8") = nr;
	long result;

	asm volatile("vmcall" : "=a"(result) : "r"(r8), "D"(vmid) : "memory");
	return result;
}

long subject(unsigned long a, unsigned long b, unsigned long c, unsigned long d, unsigned long e)
{
	hypercall1(ACRN_NR_start_vm, a);
	return hypercall1(ACRN_NR_pause_vm, a);
}

long wanted(unsigned long a, unsigned long b, unsigned long c, unsigned long d, unsigned long e)
{
	return answer;
}
#endif
