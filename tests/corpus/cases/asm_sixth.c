/* SPDX-License-Identifier: BSD-3-Clause */
/* Assembly; bad: another's convention, its sixth argument in R8. */
#include "corpus.h"

const unsigned long numbers[] = {ACRN_NR_start_vm, 0};

#ifdef BAD
asm(FUNCTION(subject, "push %rbx\n"
		      "mov %rdi, %rax\n"
		      "mov %rsi, %rbx\n"
		      "xor %r8d, %r8d\n"
		      "vmcall\n"
		      "pop %rbx\n"
		      "ret\n"));
#else
asm(FUNCTION(subject, "mov $0x80000012, %r8d\n"
		      "vmcall\n"
		      "ret\n"));
#endif

long wanted(unsigned long a, unsigned long b, unsigned long c, unsigned long d, unsigned long e)
{
	return answer;
}
