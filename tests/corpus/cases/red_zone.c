/* SPDX-License-Identifier: BSD-3-Clause */
/* A value that lives through the call; bad: the asm pushes, over the red zone. */
#include "corpus.h"

const unsigned long numbers[] = {ACRN_NR_start_vm, 0};

long subject(unsigned long a, unsigned long b, unsigned long c, unsigned long d, unsigned long e)
{
	register unsigned long r8 asm("r8") = ACRN_NR_start_vm;
	volatile unsigned long kept = b;
	long result;

#ifdef BAD
	asm volatile("push %%rbx\n\tmov %3, %%rbx\n\tvmcall\n\tpop %%rbx"
		     : "=a"(result)
		     : "r"(r8), "D"(a), "c"(c)
		     : "memory");
#else
	asm volatile("vmcall" : "=a"(result) : "r"(r8), "D"(a), "b"(c) : "memory");
#endif
	return result + kept;
}

long wanted(unsigned long a, unsigned long b, unsigned long c, unsigned long d, unsigned long e)
{
	return answer + b;
}
