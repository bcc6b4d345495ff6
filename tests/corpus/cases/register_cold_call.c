/* SPDX-License-Identifier: BSD-3-Clause */
/* A register variable for R8; bad: a log line between, on a cold path, which gcc moves elsewhere.
 */
#include "corpus.h"

const unsigned long numbers[] = {ACRN_NR_start_vm, 0};

ALWAYS long hypercall1(unsigned long nr, unsigned long vmid)
{
	register unsigned long r8 asm("r8") = nr;
	long result;

#ifdef BAD
	if (__builtin_expect(vmid == 2, 0))
		log_cold("hypercall %lx", nr);
#endif
	asm volatile("vmcall" : "=a"(result) : "r"(r8), "D"(vmid) : "memory");
	return result;
}

long subject(unsigned long a, unsigned long b, unsigned long c, unsigned long d, unsigned long e)
{
#ifndef BAD
	if (__builtin_expect(a == 2, 0))
		log_cold("hypercall");
#endif
	return hypercall1(ACRN_NR_start_vm, a);
}

long wanted(unsigned long a, unsigned long b, unsigned long c, unsigned long d, unsigned long e)
{
	return answer;
}
