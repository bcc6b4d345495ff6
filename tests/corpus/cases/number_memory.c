/* SPDX-License-Identifier: BSD-3-Clause */
/* The number comes from memory; bad: and a log line comes after it. */
#include "corpus.h"

const unsigned long numbers[] = {ACRN_NR_start_vm, 0};

unsigned long number_at = ACRN_NR_start_vm;

long subject(unsigned long a, unsigned long b, unsigned long c, unsigned long d, unsigned long e)
{
	register unsigned long r8 asm("r8") = *(volatile unsigned long *)&number_at;
	long result;

#ifdef BAD
	log_line("hypercall");
#endif
	asm volatile("vmcall" : "=a"(result) : "r"(r8), "D"(a) : "memory");
	return result;
}

long wanted(unsigned long a, unsigned long b, unsigned long c, unsigned long d, unsigned long e)
{
	return answer;
}
