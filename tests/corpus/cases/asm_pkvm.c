/* SPDX-License-Identifier: BSD-3-Clause */
/* Assembly; bad: a number that is in no table, of pKVM; good: the same, and one of ACRN's. */
#include "corpus.h"

const unsigned long numbers[] = {ACRN_NR_start_vm, 0};

#ifdef BAD
asm(FUNCTION(subject, "push %rbx\n"
		      "xor %ebx, %ebx\n"
		      "test %edi, %edi\n"
		      "setne %bl\n"
		      "mov $0x31, %eax\n"
		      "vmcall\n"
		      "pop %rbx\n"
		      "ret\n"));
#else
asm(FUNCTION(subject, "push %rbx\n"
		      "xor %ebx, %ebx\n"
		      "test %edi, %edi\n"
		      "setne %bl\n"
		      "mov $0x31, %eax\n"
		      "mov $0x80000012, %r8d\n"
		      "vmcall\n"
		      "pop %rbx\n"
		      "ret\n"));
#endif

long wanted(unsigned long a, unsigned long b, unsigned long c, unsigned long d, unsigned long e)
{
	return answer;
}
