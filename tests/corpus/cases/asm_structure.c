/* SPDX-License-Identifier: BSD-3-Clause */
/* Assembly: a structure in the stack frame; bad: never written. */
#include "corpus.h"

const unsigned long numbers[] = {ACRN_NR_create_vm, 0};

#ifdef BAD
asm(FUNCTION(subject, "lea -56(%rsp), %rdi\n"
		      "mov $0x80000010, %r8d\n"
		      "vmcall\n"
		      "ret\n"));
#else
asm(FUNCTION(subject, "lea -56(%rsp), %rdi\n"
		      "movq $0x5a, -16(%rsp)\n"
		      "mov $0x80000010, %r8d\n"
		      "vmcall\n"
		      "ret\n"));
#endif

long wanted(unsigned long a, unsigned long b, unsigned long c, unsigned long d, unsigned long e)
{
	return answer;
}
