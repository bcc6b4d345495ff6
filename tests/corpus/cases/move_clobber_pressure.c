/* SPDX-License-Identifier: BSD-3-Clause */
/* An explicit move to R8; bad: without the R8 clobber, more values live than there are other
 * registers. */
#include "corpus.h"

const unsigned long numbers[] = {ACRN_NR_start_vm, 0};

ALWAYS long hypercall1(unsigned long nr, unsigned long vmid)
{
	long result;

#ifdef BAD
	asm volatile("movl %k1, %%r8d\n\tvmcall" : "=a"(result) : "r"(nr), "D"(vmid) : "memory");
#else
	asm volatile("movl %k1, %%r8d\n\tvmcall"
		     : "=a"(result)
		     : "r"(nr), "D"(vmid)
		     : "r8", "memory");
#endif
	return result;
}

long subject(unsigned long a, unsigned long b, unsigned long c, unsigned long d, unsigned long e)
{
	unsigned long f = a * 3 + opaque, g = b * 5 + opaque, h = c * 7 + opaque;
	unsigned long i = d * 11 + opaque, j = e * 13 + opaque, k = (a ^ e) + opaque;
	long result = hypercall1(ACRN_NR_start_vm, a);

	return result + (f ^ g) + (h ^ i) * 3 + (j ^ k) * 5 + (a ^ b ^ c ^ d ^ e);
}

long wanted(unsigned long a, unsigned long b, unsigned long c, unsigned long d, unsigned long e)
{
	return answer + ((a * 3) ^ (b * 5)) + ((c * 7) ^ (d * 11)) * 3 + ((e * 13) ^ a ^ e) * 5 +
	       (a ^ b ^ c ^ d ^ e);
}
