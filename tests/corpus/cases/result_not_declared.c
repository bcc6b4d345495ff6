/* SPDX-License-Identifier: BSD-3-Clause */
/* The result is not asked for; bad: RAX is not declared clobbered either. */
#include "corpus.h"

const unsigned long numbers[] = {ACRN_NR_start_vm, 0};

ALWAYS void hypercall1(unsigned long nr, unsigned long vmid)
{
#ifdef BAD
	asm volatile("movl %k0, %%r8d\n\tvmcall" : : "ri"(nr), "D"(vmid) : "r8", "memory");
#else
	asm volatile("movl %k0, %%r8d\n\tvmcall" : : "ri"(nr), "D"(vmid) : "r8", "rax", "memory");
#endif
}

long subject(unsigned long a, unsigned long b, unsigned long c, unsigned long d, unsigned long e)
{
	unsigned long value = opaque + e;

	asm volatile("" : "+r"(value)); /* it is there before the call */
	hypercall1(ACRN_NR_start_vm, a);
	return value + 1;
}

long wanted(unsigned long a, unsigned long b, unsigned long c, unsigned long d, unsigned long e)
{
	return e + 1;
}
