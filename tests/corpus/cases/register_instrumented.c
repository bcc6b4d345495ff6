/* SPDX-License-Identifier: BSD-3-Clause */
/* A register variable for R8; bad: an argument is read from memory after its load, which a
 * sanitizer instruments. */
#include "corpus.h"

const unsigned long numbers[] = {ACRN_NR_start_vm, 0};

ALWAYS long hypercall1(unsigned long nr, unsigned long *vmid)
{
#ifdef BAD
	register unsigned long r8 asm("r8") = nr;
	unsigned long value = *vmid;
#else
	unsigned long value = *vmid;
	register unsigned long r8 asm("r8") = nr;
#endif
	long result;

	asm volatile("vmcall" : "=a"(result) : "r"(r8), "D"(value) : "memory");
	return result;
}

unsigned long *vmid_at = &cell;

long subject(unsigned long a, unsigned long b, unsigned long c, unsigned long d, unsigned long e)
{
	*vmid_at = a;
	return hypercall1(ACRN_NR_start_vm, vmid_at);
}

long wanted(unsigned long a, unsigned long b, unsigned long c, unsigned long d, unsigned long e)
{
	return answer;
}
