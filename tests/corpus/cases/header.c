/* SPDX-License-Identifier: BSD-3-Clause */
/* The header's own form, log lines and live values around it; bad: none, the log line is an
 * argument's. */
#include "corpus.h"

const unsigned long numbers[] = {ACRN_NR_start_vm, 0};

ALWAYS unsigned long logged(unsigned long value)
{
	log_line("argument %lx", value);
	return value;
}

long subject(unsigned long a, unsigned long b, unsigned long c, unsigned long d, unsigned long e)
{
	unsigned long f = b * 5 + opaque, g = c * 7 + opaque;
	long result;

#ifdef BAD
	result = acrn_hypercall1(ACRN_NR_start_vm, logged(a));
#else
	log_line("hypercall");
	result = acrn_hypercall1(ACRN_NR_start_vm, a);
#endif
	return result + (f ^ g) + (a ^ b ^ c ^ d ^ e);
}

long wanted(unsigned long a, unsigned long b, unsigned long c, unsigned long d, unsigned long e)
{
	return answer + ((b * 5) ^ (c * 7)) + (a ^ b ^ c ^ d ^ e);
}
