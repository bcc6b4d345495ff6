/* SPDX-License-Identifier: BSD-3-Clause */
/* Assembly: a value in RAX across the call; bad: it is not moved away. */
#include "corpus.h"

const unsigned long numbers[] = {ACRN_NR_start_vm, 0};

#ifdef BAD
asm(FUNCTION(subject, "lea 5(%rdx), %rax\n"
		      "mov $0x80000012, %r8d\n"
		      "vmcall\n"
		      "add $1, %rax\n"
		      "ret\n"));
#else
asm(FUNCTION(subject, "lea 5(%rdx), %rcx\n"
		      "mov $0x80000012, %r8d\n"
		      "vmcall\n"
		      "lea 1(%rcx), %rax\n"
		      "ret\n"));
#endif

long wanted(unsigned long a, unsigned long b, unsigned long c, unsigned long d, unsigned long e)
{
	return c + 6;
}
