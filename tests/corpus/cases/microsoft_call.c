/* SPDX-License-Identifier: BSD-3-Clause */
/* A call by Microsoft's convention, which keeps RDI; bad: by System V's, after RDI is loaded. */
#include "corpus.h"

const unsigned long numbers[] = {ACRN_NR_start_vm, 0};

#ifdef BAD
typedef long output(void *console, const char *text, long from, long to);
#else
typedef long __attribute__((ms_abi)) output(void *console, const char *text, long from, long to);
#endif

static long
#ifndef BAD
	__attribute__((ms_abi))
#endif
	out(void *console, const char *text, long from, long to)
{
	log_line(text, from, to);
	return 0;
}

static output *volatile console = out;

ALWAYS long hypercall1(unsigned long vmid)
{
	register unsigned long rdi asm("rdi") = vmid;
	long result;

	console(0, "start", 1, 2);
	asm volatile("mov %1, %%r8d\n\tvmcall"
		     : "=a"(result)
		     : "i"(ACRN_NR_start_vm), "r"(rdi)
		     : "r8", "memory");
	return result;
}

long subject(unsigned long a, unsigned long b, unsigned long c, unsigned long d, unsigned long e)
{
	return hypercall1(a);
}

long wanted(unsigned long a, unsigned long b, unsigned long c, unsigned long d, unsigned long e)
{
	return answer;
}
