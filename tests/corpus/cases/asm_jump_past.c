/* SPDX-License-Identifier: BSD-3-Clause */
/* Assembly; bad: a jump leads past the load, right to VMCALL. */
#include "corpus.h"

const unsigned long numbers[] = {ACRN_NR_start_vm, 0};

#ifdef BAD
asm(FUNCTION(subject, "cmp $2, %dil\n"
		      "je 2f\n"
		      "mov $0x80000012, %r8d\n"
		      "2: vmcall\n"
		      "ret\n"));
#else
asm(FUNCTION(subject, "cmp $2, %dil\n"
		      "je 1f\n"
		      "nop\n"
		      "1: mov $0x80000012, %r8d\n"
		      "vmcall\n"
		      "ret\n"));
#endif

long wanted(unsigned long a, unsigned long b, unsigned long c, unsigned long d, unsigned long e)
{
	return answer;
}
