/* SPDX-License-Identifier: BSD-3-Clause */
/* Assembly: a part of the function, outlined, that sets the registers; bad: it returns a value too.
 */
#include "corpus.h"

const unsigned long numbers[] = {ACRN_NR_start_vm, 0};

#ifdef BAD
asm(FUNCTION(part, "mov $0x13, %r8d\n"
		   "mov $0x80000012, %eax\n"
		   "ret\n"));
asm(FUNCTION(subject, "mov $0x80000012, %r8d\n"
		      "call asm_outlined_bad__part\n"
		      "vmcall\n"
		      "ret\n"));
#else
asm(FUNCTION(part, "mov $0x80000012, %r8d\n"
		   "mov %rsi, %rdi\n"
		   "ret\n"));
asm(FUNCTION(subject, "mov %rdi, %rsi\n"
		      "call asm_outlined_good__part\n"
		      "vmcall\n"
		      "ret\n"));
#endif

long wanted(unsigned long a, unsigned long b, unsigned long c, unsigned long d, unsigned long e)
{
	return answer;
}
