/* SPDX-License-Identifier: BSD-3-Clause */
/* Assembly: labels without a type, one a place in the function; bad: one way there loads no R8. */
#include "corpus.h"

const unsigned long numbers[] = {ACRN_NR_start_vm, 0};

#ifdef BAD
asm(LABEL(subject, "cmp $1, %rdi\n"
		   "jbe 1f\n"
		   "mov $0x80000012, %r8d\n"
		   "1:\n") LABEL(part, "vmcall\n"
				       "ret\n"));
#else
asm(LABEL(subject, "mov $0x80000012, %r8d\n"
		   "cmp $1, %rdi\n"
		   "jbe 1f\n"
		   "mov $1, %esi\n"
		   "1:\n") LABEL(part, "vmcall\n"
				       "ret\n"));
#endif

long wanted(unsigned long a, unsigned long b, unsigned long c, unsigned long d, unsigned long e)
{
	return answer;
}
