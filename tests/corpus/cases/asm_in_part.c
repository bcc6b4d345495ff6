/* SPDX-License-Identifier: BSD-3-Clause */
/* Assembly: the low byte of an argument, the rest 0; bad: the rest is a pointer's. */
#include "corpus.h"

const unsigned long numbers[] = {ACRN_NR_start_vm, 0};

#ifdef BAD
asm(FUNCTION(subject, "mov %dil, %sil\n"
		      "mov %rsp, %rdi\n"
		      "mov %sil, %dil\n"
		      "mov $0x80000012, %r8d\n"
		      "vmcall\n"
		      "ret\n"));
#else
asm(FUNCTION(subject, "mov %edi, %esi\n"
		      "xor %edi, %edi\n"
		      "mov %sil, %dil\n"
		      "mov $0x80000012, %r8d\n"
		      "vmcall\n"
		      "ret\n"));
#endif

long wanted(unsigned long a, unsigned long b, unsigned long c, unsigned long d, unsigned long e)
{
	return answer;
}
