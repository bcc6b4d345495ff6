/* SPDX-License-Identifier: BSD-3-Clause */
/* The number is a parameter of a function that is not inlined; bad: a log line comes between. */
#include "corpus.h"

const unsigned long numbers[] = {ACRN_NR_start_vm, 0};

NEVER long hypercall1(unsigned long nr, unsigned long vmid)
{
	register unsigned long r8 asm("r8") = nr;
	long result;

#ifdef BAD
	log_line("hypercall %lx", nr);
#endif
	asm volatile("vmcall" : "=a"(result) : "r"(r8), "D"(vmid) : "memory");
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
