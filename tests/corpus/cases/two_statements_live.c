/* SPDX-License-Identifier: BSD-3-Clause */
/* The load of R8 and VMCALL; bad: in two asm statements with arithmetic between, under register
 * pressure. */
#include "corpus.h"

const unsigned long numbers[] = {ACRN_NR_start_vm, 0};

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
#ifdef BAD
	unsigned long f, g, h, i, j, k;
	long result;

	asm volatile("movl %k0, %%r8d" : : "r"(ACRN_NR_start_vm) : "r8");
	f = a * 3 + opaque, g = b * 5 + opaque, h = c * 7 + opaque;
	i = d * 11 + opaque, j = e * 13 + opaque, k = (a ^ e) + opaque;
	asm volatile("vmcall" : "=a"(result) : "D"(a) : "memory");
#else
	unsigned long f = a * 3 + opaque, g = b * 5 + opaque, h = c * 7 + opaque;
	unsigned long i = d * 11 + opaque, j = e * 13 + opaque, k = (a ^ e) + opaque;
	long result = hypercall1(ACRN_NR_start_vm, a);
#endif

	return result + (f ^ g) + (h ^ i) * 3 + (j ^ k) * 5 + (a ^ b ^ c ^ d ^ e);
}

long wanted(unsigned long a, unsigned long b, unsigned long c, unsigned long d, unsigned long e)
{
	return answer + ((a * 3) ^ (b * 5)) + ((c * 7) ^ (d * 11)) * 3 + ((e * 13) ^ a ^ e) * 5 +
	       (a ^ b ^ c ^ d ^ e);
}
