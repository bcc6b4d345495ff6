/* SPDX-License-Identifier: BSD-3-Clause */
/* Assembly: a 64-bit move; bad: of a number with bit 31 set, as a 32-bit immediate. */
#include "corpus.h"

const unsigned long numbers[] = {ACRN_NR_start_vm, 0};

#ifdef BAD
asm(FUNCTION(subject, "mov $-0x7fffffee, %r8\n"
		      "vmcall\n"
		      "ret\n"));
#else
asm(FUNCTION(subject, "movabs $0x80000012, %r8\n"
		      "vmcall\n"
		      "ret\n"));
#endif

long wanted(unsigned long a, unsigned long b, unsigned long c, unsigned long d, unsigned long e)
{
	return answer;
}
