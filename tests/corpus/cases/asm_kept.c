/* SPDX-License-Identifier: BSD-3-Clause */
/* Assembly: a callee that saves and restores what it need not; bad: it passes R8 on the stack. */
#include "corpus.h"

const unsigned long numbers[] = {ACRN_NR_start_vm, 0};

#ifdef BAD
asm(FUNCTION(part, "push %rdi\n"
		   "push %r8\n"
		   "mov $5, %r8d\n"
		   "call log_line\n"
		   "pop %rax\n"
		   "pop %rdi\n"
		   "ret\n"));
asm(FUNCTION(subject, "mov $0x80000012, %r8d\n"
		      "call asm_kept_bad__part\n"
		      "vmcall\n"
		      "ret\n"));
#else
asm(FUNCTION(part, "push %rdi\n"
		   "push %r8\n"
		   "sub $8, %rsp\n"
		   "call log_line\n"
		   "add $8, %rsp\n"
		   "pop %r8\n"
		   "pop %rdi\n"
		   "ret\n"));
asm(FUNCTION(subject, "mov $0x80000012, %r8d\n"
		      "call asm_kept_good__part\n"
		      "vmcall\n"
		      "ret\n"));
#endif

long wanted(unsigned long a, unsigned long b, unsigned long c, unsigned long d, unsigned long e)
{
	return answer;
}
