/* SPDX-License-Identifier: BSD-3-Clause */
/* The number is the fifth parameter, which arrives in R8; bad: and is lost to a log line. */
#include "corpus.h"

const unsigned long numbers[] = {ACRN_NR_start_vm, 0};

NEVER long hypercall1(unsigned long vmid, unsigned long b, unsigned long c, unsigned long d,
		      unsigned long nr)
{
	register unsigned long r8 asm("r8") = nr;
	long result;

#ifdef BAD
	log_line("hypercall %lx", nr);
#endif
	asm volatile("vmcall" : "=a"(result) : "r"(r8), "D"(vmid) : "memory");
	return result + (b ^ c ^ d);
}

long subject(unsigned long a, unsigned long b, unsigned long c, unsigned long d, unsigned long e)
{
	return hypercall1(a, b, c, d, ACRN_NR_start_vm + opaque);
}

long wanted(unsigned long a, unsigned long b, unsigned long c, unsigned long d, unsigned long e)
{
	return answer + (b ^ c ^ d);
}
