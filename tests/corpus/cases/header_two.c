/* SPDX-License-Identifier: BSD-3-Clause */
/* Two calls of the header's; bad: none, one is the other's argument. */
#include "corpus.h"

const unsigned long numbers[] = {
#ifdef BAD
	ACRN_NR_start_vm, ACRN_NR_start_vm,
#else
	ACRN_NR_start_vm, ACRN_NR_pause_vm,
#endif
	0};

long subject(unsigned long a, unsigned long b, unsigned long c, unsigned long d, unsigned long e)
{
#ifdef BAD
	return acrn_hypercall1(ACRN_NR_start_vm, a + 0 * acrn_hypercall1(ACRN_NR_start_vm, a));
#else
	return acrn_hypercall1(ACRN_NR_start_vm, a) + acrn_hypercall1(ACRN_NR_pause_vm, a);
#endif
}

long wanted(unsigned long a, unsigned long b, unsigned long c, unsigned long d, unsigned long e)
{
	return
#ifdef BAD
		answer
#else
		2 * answer
#endif
		;
}
