/* SPDX-License-Identifier: BSD-3-Clause */
/* Assembly; bad: R8 is loaded on one path. */
#include "corpus.h"

const unsigned long numbers[] = {ACRN_NR_start_vm, 0};

#ifdef BAD
asm(FUNCTION(subject, "test $1, %dil\n"
		      "je 1f\n"
		      "mov $0x80000012, %r8d\n"
		      "1: vmcall\n"
		      "ret\n"));
#else
asm(FUNCTION(subject, "mov $0x80000012, %r8d\n"
		      "test $1, %dil\n"
		      "je 1f\n"
		      "mov $0x80000012, %r8d\n"
		      "1: vmcall\n"
		      "ret\n"));
#endif

long wanted(unsigned long a, unsigned long b, unsigned long c, unsigned long d, unsigned long e)
{
	return answer;
}
