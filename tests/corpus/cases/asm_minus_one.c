/* SPDX-License-Identifier: BSD-3-Clause */
/* Assembly; bad: a number that no hypervisor has; good: the same, and a number of ACRN's. */
#include "corpus.h"

const unsigned long numbers[] = {ACRN_NR_start_vm, 0};

#ifdef BAD
asm(FUNCTION(subject, "mov $-1, %eax\n"
		      "vmcall\n"
		      "ret\n"));
#else
asm(FUNCTION(subject, "mov $-1, %eax\n"
		      "mov $0x80000012, %r8d\n"
		      "vmcall\n"
		      "ret\n"));
#endif

long wanted(unsigned long a, unsigned long b, unsigned long c, unsigned long d, unsigned long e)
{
	return answer;
}
