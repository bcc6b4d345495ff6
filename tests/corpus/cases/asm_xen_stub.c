/* SPDX-License-Identifier: BSD-3-Clause */
/* Assembly: a stub; bad: its caller has a number of Xen's. */
#include "corpus.h"

const unsigned long numbers[] = {ACRN_NR_start_vm, 0};

#ifdef BAD
asm(FUNCTION(part, "vmcall\n"
		   "ret\n"));
asm(FUNCTION(subject, "mov $17, %eax\n"
		      "call asm_xen_stub_bad__part\n"
		      "ret\n"));
#else
asm(FUNCTION(part, "vmcall\n"
		   "ret\n"));
asm(FUNCTION(subject, "mov $17, %eax\n"
		      "mov $0x80000012, %r8d\n"
		      "call asm_xen_stub_good__part\n"
		      "ret\n"));
#endif

long wanted(unsigned long a, unsigned long b, unsigned long c, unsigned long d, unsigned long e)
{
	return answer;
}
