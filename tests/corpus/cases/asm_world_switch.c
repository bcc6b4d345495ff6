/* SPDX-License-Identifier: BSD-3-Clause */
/* Assembly: world_switch; bad: RBX is not saved. */
#include "corpus.h"

const unsigned long numbers[] = {ACRN_NR_world_switch, 0};

#ifdef BAD
asm(FUNCTION(subject, "mov $0x80000071, %r8d\n"
		      "vmcall\n"
		      "ret\n"));
#else
asm(FUNCTION(subject, "push %rbx\n"
		      "mov $0x80000071, %r8d\n"
		      "vmcall\n"
		      "pop %rbx\n"
		      "ret\n"));
#endif

long wanted(unsigned long a, unsigned long b, unsigned long c, unsigned long d, unsigned long e)
{
	return answer;
}
