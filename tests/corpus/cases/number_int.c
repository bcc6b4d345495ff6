/* SPDX-License-Identifier: BSD-3-Clause */
/* The number's type; bad: a signed int, extended to 64 bits. */
#include "corpus.h"

const unsigned long numbers[] = {ACRN_NR_start_vm, 0};

#ifdef BAD
typedef int number_type;
#else
typedef unsigned int number_type;
#endif

ALWAYS long hypercall1(number_type nr, unsigned long vmid)
{
	long result;

	asm volatile("mov %1, %%r8\n\tvmcall"
		     : "=a"(result)
		     : "r"((long)nr), "D"(vmid)
		     : "r8", "memory");
	return result;
}

long subject(unsigned long a, unsigned long b, unsigned long c, unsigned long d, unsigned long e)
{
	return hypercall1((number_type)ACRN_NR_start_vm, a);
}

long wanted(unsigned long a, unsigned long b, unsigned long c, unsigned long d, unsigned long e)
{
	return answer;
}
