/* SPDX-License-Identifier: BSD-3-Clause */
/* Assembly: the same, with padding that begins with a jump; bad: R8 is loaded on the other way
 * only. */
#include "corpus.h"

const unsigned long numbers[] = {ACRN_NR_start_vm, 0};

#ifdef BAD
asm(FUNCTION(subject, "cmp $1, %rdi\n"
		      "jbe 1f\n"
		      "mov $0x80000012, %r8d\n"
		      "vmcall\n"
		      "ret\n"
		      ".balign 256\n"
		      "1: vmcall\n"
		      "ret\n"));
#else
asm(FUNCTION(subject, "mov $0x80000012, %r8d\n"
		      "cmp $1, %rdi\n"
		      "jbe 1f\n"
		      "vmcall\n"
		      "ret\n"
		      ".balign 256\n"
		      "1: vmcall\n"
		      "ret\n"));
#endif

long wanted(unsigned long a, unsigned long b, unsigned long c, unsigned long d, unsigned long e)
{
	return answer;
}
