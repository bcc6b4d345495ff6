/* SPDX-License-Identifier: BSD-3-Clause */
/* Register variables for R8 and RDI; bad: a log line after RDI's load. */
#include "corpus.h"

const unsigned long numbers[] = {ACRN_NR_start_vm, 0};

ALWAYS long hypercall1(unsigned long nr, unsigned long vmid)
{
	register unsigned long rdi asm("rdi") = vmid;
	long result;

#ifdef BAD
	log_line("hypercall %lx", nr);
#endif
	asm volatile("movl %k1, %%r8d\n\tvmcall"
		     : "=a"(result)
		     : "r"(nr), "r"(rdi)
		     : "r8", "memory");
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
