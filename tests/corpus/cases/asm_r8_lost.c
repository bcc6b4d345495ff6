/* SPDX-License-Identifier: BSD-3-Clause */
/* Assembly: a value in R8 across the call; bad: it is not moved away. */
#include "corpus.h"

const unsigned long numbers[] = {ACRN_NR_start_vm, 0};

#ifdef BAD
asm(FUNCTION(subject, "mov %rdx, %r8\n"
		      "mov $0x80000012, %r8d\n"
		      "vmcall\n"
		      "add %r8, %rax\n"
		      "ret\n"));
#else
asm(FUNCTION(subject, "mov %rdx, %r9\n"
		      "mov $0x80000012, %r8d\n"
		      "vmcall\n"
		      "add %r9, %rax\n"
		      "ret\n"));
#endif

long wanted(unsigned long a, unsigned long b, unsigned long c, unsigned long d, unsigned long e)
{
	return answer + c;
}
