/* SPDX-License-Identifier: BSD-3-Clause */
/* Assembly: the number is computed; bad: to one that is in no table. */
#include "corpus.h"

const unsigned long numbers[] = {
#ifdef BAD
	0x800000fe
#else
	ACRN_NR_start_vm
#endif
	,
	0};

#ifdef BAD
asm(FUNCTION(subject, "mov $0x80000000, %r8d\n"
		      "add $0xfe, %r8d\n"
		      "vmcall\n"
		      "ret\n"));
#else
asm(FUNCTION(subject, "mov $0x80000000, %r8d\n"
		      "or $0x12, %r8d\n"
		      "vmcall\n"
		      "ret\n"));
#endif

long wanted(unsigned long a, unsigned long b, unsigned long c, unsigned long d, unsigned long e)
{
	return answer;
}
