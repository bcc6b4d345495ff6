/* SPDX-License-Identifier: BSD-3-Clause */
/* Assembly: a number of 33 bits; bad: through a 32-bit register. */
#include "corpus.h"

const unsigned long numbers[] = {NR_wide, 0};

#ifdef BAD
asm(FUNCTION(subject, "movabs $0x180000012, %rcx\n"
		      "mov %ecx, %r8d\n"
		      "vmcall\n"
		      "ret\n"));
#else
asm(FUNCTION(subject, "movabs $0x180000012, %rcx\n"
		      "mov %rcx, %r8\n"
		      "vmcall\n"
		      "ret\n"));
#endif

long wanted(unsigned long a, unsigned long b, unsigned long c, unsigned long d, unsigned long e)
{
	return answer;
}
