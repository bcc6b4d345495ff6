/* SPDX-License-Identifier: BSD-3-Clause */
/* A register variable for R8; bad: an argument comes from an inlined function after its load, which
 * -finstrument-functions instruments. */
#include "corpus.h"

const unsigned long numbers[] = {ACRN_NR_start_vm, 0};

ALWAYS unsigned long same(unsigned long value)
{
	return value + opaque;
}

ALWAYS long hypercall1(unsigned long nr, unsigned long a)
{
#ifdef BAD
	register unsigned long r8 asm("r8") = nr;
	unsigned long vmid = same(a);
#else
	unsigned long vmid = same(a);
	register unsigned long r8 asm("r8") = nr;
#endif
	long result;

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
