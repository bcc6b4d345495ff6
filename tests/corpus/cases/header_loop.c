/* SPDX-License-Identifier: BSD-3-Clause */
/* The header's form in a loop; bad: none, the loop calls a function too. */
#include "corpus.h"

const unsigned long numbers[] = {ACRN_NR_start_vm, 0};

long subject(unsigned long a, unsigned long b, unsigned long c, unsigned long d, unsigned long e)
{
	long sum = 0;

	for (unsigned long i = 0; i < 3 + opaque; i++) {
#ifdef BAD
		sum += compute(acrn_hypercall1(ACRN_NR_start_vm, a)) - 1;
#else
		sum += acrn_hypercall1(ACRN_NR_start_vm, a);
#endif
	}
	return sum;
}

long wanted(unsigned long a, unsigned long b, unsigned long c, unsigned long d, unsigned long e)
{
	return 3 * answer;
}
