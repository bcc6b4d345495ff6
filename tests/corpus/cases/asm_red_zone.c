/* SPDX-License-Identifier: BSD-3-Clause */
/* Assembly: PUSH above a value in the frame; bad: over one below RSP. */
#include "corpus.h"

const unsigned long numbers[] = {ACRN_NR_start_vm, 0};

#ifdef BAD
asm(FUNCTION(subject, "mov %rsi, -8(%rsp)\n"
		      "mov $0x80000012, %r8d\n"
		      "push %rbx\n"
		      "vmcall\n"
		      "pop %rbx\n"
		      "mov -8(%rsp), %rax\n"
		      "ret\n"));
#else
asm(FUNCTION(subject, "mov %rsi, -16(%rsp)\n"
		      "mov $0x80000012, %r8d\n"
		      "push %rbx\n"
		      "vmcall\n"
		      "pop %rbx\n"
		      "mov -16(%rsp), %rax\n"
		      "ret\n"));
#endif

long wanted(unsigned long a, unsigned long b, unsigned long c, unsigned long d, unsigned long e)
{
	return b;
}
