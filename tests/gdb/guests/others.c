/* SPDX-License-Identifier: BSD-3-Clause */
/* A kernel that may run under any of several: their calls, each with ACRN's number left in R8. */
#include "lib/answer.h"

#define START_VM 0x80000012ul

#define FUNCTION(name, code)                                                                       \
	long name(void);                                                                           \
	__asm__(".text\n.type " #name ", @function\n.globl " #name "\n" #name ":\n" code           \
		"\tret\n.size " #name ", . - " #name "\n")

FUNCTION(xen_stub, "\tvmcall\n");
FUNCTION(xen_trampoline, "\tjmp xen_stub\n");
FUNCTION(xen_version, "\tmov $17, %eax\n\tmov $6, %edi\n\tcall xen_trampoline\n");
FUNCTION(xen_yield, "\tmov $29, %eax\n\txor %edi, %edi\n\tcall xen_stub\n");
FUNCTION(jailhouse, "\tmov $8, %eax\n\tvmcall\n");
FUNCTION(kafl, "\tpush %rbx\n\tmov $0x1f, %eax\n\tmov $1, %ebx\n\tmov %rdi, %rcx\n\tvmcall\n"
	       "\tpop %rbx\n");
FUNCTION(hyperv, "\tmov $0x8001005c, %ecx\n\tmov %rdi, %rdx\n\tmov $0, %r8d\n\tvmcall\n");
/* The same registers, but its callers load R8 for it. */
FUNCTION(acrn_stub, "\tvmcall\n");
FUNCTION(acrn_start, "\tmov $17, %eax\n\tmov $0x80000012, %r8d\n\tmov $1, %edi\n"
		     "\tcall acrn_stub\n");

bool acrn_emulate(void); /* of lib/answer.c */

bool while_in_flight(struct trap_frame *frame)
{
	(void)frame;
	return true;
}

/* Makes a call with what a call of ACRN's may have left in R8. */
static long stale(long (*function)(void))
{
	register unsigned long left __asm__("r8") = START_VM;
	unsigned long first = 1, second = 2;
	long ret;

	__asm__ volatile("call *%[function]"
			 : "=a"(ret), "+r"(left), "+D"(first), "+S"(second)
			 : [function] "r"(function)
			 : "rcx", "rdx", "r9", "r10", "r11", "memory");
	return ret;
}

int guest_main(void)
{
	static long (*const calls[])(void) = {xen_version, xen_yield, jailhouse, kafl, hyperv};

	acrn_emulate(); /* also where a mock answers the calls of ACRN */
	for (unsigned i = 0; i < sizeof(calls) / sizeof(*calls); i++)
		print("other: %ld\n", stale(calls[i]));
	print("acrn: %ld\n", acrn_start());
	return 0;
}
