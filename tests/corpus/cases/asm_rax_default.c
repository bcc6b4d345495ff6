/* SPDX-License-Identifier: BSD-3-Clause */
/* Assembly: RAX has a default; bad: none, the call is made on one path. */
#include "corpus.h"

const unsigned long numbers[] = {ACRN_NR_start_vm, 0};

#ifdef BAD
asm(FUNCTION(subject, "mov $-1, %rax\n"
		      "test %rax, %rax\n"
		      "je 1f\n"
		      "mov $0x80000012, %r8d\n"
		      "vmcall\n"
		      "1: ret\n"));
#else
asm(FUNCTION(subject, "mov $-1, %rax\n"
		      "mov $0x80000012, %r8d\n"
		      "vmcall\n"
		      "ret\n"));
#endif

long wanted(unsigned long a, unsigned long b, unsigned long c, unsigned long d, unsigned long e)
{
	return answer;
}
