/* SPDX-License-Identifier: BSD-3-Clause */
/* Assembly: the number comes over other registers; bad: one of them is lost to a call. */
#include "corpus.h"

const unsigned long numbers[] = {ACRN_NR_start_vm, 0};

#ifdef BAD
asm(FUNCTION(subject, "push %rdi\n"
		      "mov $0x80000012, %r11d\n"
		      "call log_line\n"
		      "pop %rdi\n"
		      "mov %r11, %r8\n"
		      "vmcall\n"
		      "ret\n"));
#else
asm(FUNCTION(subject, "push %rbx\n"
		      "mov $0x80000012, %ebx\n"
		      "push %rdi\n"
		      "sub $8, %rsp\n"
		      "call log_line\n"
		      "add $8, %rsp\n"
		      "pop %rdi\n"
		      "mov %rbx, %r8\n"
		      "pop %rbx\n"
		      "vmcall\n"
		      "ret\n"));
#endif

long wanted(unsigned long a, unsigned long b, unsigned long c, unsigned long d, unsigned long e)
{
	return answer;
}
