/* SPDX-License-Identifier: BSD-3-Clause */
/* A register variable for R8, loaded after the log line; bad: loaded before, for a call in a loop.
 */
#include "corpus.h"

const unsigned long numbers[] = {ACRN_NR_start_vm, 0};

ALWAYS long hypercall1(unsigned long nr, unsigned long vmid)
{
	long result;
#ifdef BAD
	register unsigned long r8 asm("r8") = nr;

	for (unsigned long i = 0; i < 2; i++) {
		log_line("hypercall %lx", nr);
#else
	for (unsigned long i = 0; i < 2; i++) {
		log_line("hypercall %lx", nr);
		register unsigned long r8 asm("r8") = nr;
#endif
		asm volatile("vmcall" : "=a"(result) : "r"(r8), "D"(vmid) : "memory");
	}
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
