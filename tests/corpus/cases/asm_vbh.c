/* SPDX-License-Identifier: BSD-3-Clause */
/* Assembly; bad: VBH's magic number; good: the same, and a number of ACRN's. */
#include "corpus.h"

const unsigned long numbers[] = {ACRN_NR_start_vm, 0};

#ifdef BAD
asm(FUNCTION(subject, "push %rbx\n"
		      "mov $0x6f707400, %eax\n"
		      "xor %ebx, %ebx\n"
		      "vmcall\n"
		      "pop %rbx\n"
		      "ret\n"));
#else
asm(FUNCTION(subject, "push %rbx\n"
		      "mov $0x6f707400, %eax\n"
		      "xor %ebx, %ebx\n"
		      "mov $0x80000012, %r8d\n"
		      "vmcall\n"
		      "pop %rbx\n"
		      "ret\n"));
#endif

long wanted(unsigned long a, unsigned long b, unsigned long c, unsigned long d, unsigned long e)
{
	return answer;
}
