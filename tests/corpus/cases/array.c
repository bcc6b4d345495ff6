/* SPDX-License-Identifier: BSD-3-Clause */
/* A function with an array, which a stack protector watches; bad: a register variable and a log
 * line. */
#include "corpus.h"

const unsigned long numbers[] = {ACRN_NR_start_vm, 0};

ALWAYS long hypercall1(unsigned long nr, unsigned long vmid)
{
#ifdef BAD
	register unsigned long r8 asm("r8") = nr;
	long result;

	log_line("hypercall %lx", nr);
	asm volatile("vmcall" : "=a"(result) : "r"(r8), "D"(vmid) : "memory");
	return result;
#else
	return acrn_hypercall1(nr, vmid);
#endif
}

long subject(unsigned long a, unsigned long b, unsigned long c, unsigned long d, unsigned long e)
{
	volatile char text[64];

	text[opaque] = (char)e;
	return hypercall1(ACRN_NR_start_vm, a) + text[opaque];
}

long wanted(unsigned long a, unsigned long b, unsigned long c, unsigned long d, unsigned long e)
{
	return answer + (char)e;
}
