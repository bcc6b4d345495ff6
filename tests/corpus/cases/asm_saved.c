/* SPDX-License-Identifier: BSD-3-Clause */
/* Assembly: a call between, R8 is saved; bad: never restored. */
#include "corpus.h"

const unsigned long numbers[] = {ACRN_NR_start_vm, 0};

#ifdef BAD
asm(FUNCTION(subject, "mov $0x80000012, %r8d\n"
		      "push %rdi\n"
		      "push %r8\n"
		      "sub $8, %rsp\n"
		      "call log_line\n"
		      "add $16, %rsp\n"
		      "pop %rdi\n"
		      "vmcall\n"
		      "ret\n"));
#else
asm(FUNCTION(subject, "mov $0x80000012, %r8d\n"
		      "push %rdi\n"
		      "push %r8\n"
		      "sub $8, %rsp\n"
		      "call log_line\n"
		      "add $8, %rsp\n"
		      "pop %r8\n"
		      "pop %rdi\n"
		      "vmcall\n"
		      "ret\n"));
#endif

long wanted(unsigned long a, unsigned long b, unsigned long c, unsigned long d, unsigned long e)
{
	return answer;
}
