/* SPDX-License-Identifier: BSD-3-Clause */
/* A register variable for R8, loaded before a loop; bad: the loop calls a function too. */
#include "corpus.h"

const unsigned long numbers[] = {ACRN_NR_start_vm, 0};

ALWAYS long hypercalls(unsigned long nr, unsigned long vmid, unsigned long count)
{
	register unsigned long r8 asm("r8") = nr;
	long result, sum = 0;

	for (unsigned long i = 0; i < count; i++) {
		asm volatile("vmcall" : "=a"(result) : "r"(r8), "D"(vmid) : "memory");
#ifdef BAD
		sum += compute(result) - 1;
#else
		sum += result;
#endif
	}
	return sum;
}

long subject(unsigned long a, unsigned long b, unsigned long c, unsigned long d, unsigned long e)
{
	return hypercalls(ACRN_NR_start_vm, a, 3 + opaque);
}

long wanted(unsigned long a, unsigned long b, unsigned long c, unsigned long d, unsigned long e)
{
	return 3 * answer;
}
