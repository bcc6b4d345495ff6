/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Compares RFLAGS behind a call with what the code before the call left in them: 64 kinds of code,
 * straight before the call, and with a jump between.
 */
#include "lib/answer.h"

#define NO_SUCH_CALL "0x80000099"
#define STATUS	     0xcd5ull /* OF DF SF ZF AF PF CF */

/* RFLAGS after `code` on RCX and RDX, and after `behind`. */
#define FLAGS(code, behind, a, b)                                                                  \
	({                                                                                         \
		uint64_t flags, rcx = (a), rdx = (b);                                              \
		__asm__ volatile("pushq $2\n\tpopfq\n\tmovl $" NO_SUCH_CALL ", %%r8d\n\t" code     \
				 "\n\t" behind "pushfq\n\tpopq %0\n\tcld"                          \
				 : "=r"(flags), "+c"(rcx), "+d"(rdx)                               \
				 :                                                                 \
				 : "rax", "rsi", "rdi", "r8", "memory", "cc");                     \
		flags &STATUS;                                                                     \
	})

#define CALL	  "vmcall\n\t"
#define CALL_LATE "jmp 1f\n1:\tmovl $" NO_SUCH_CALL ", %%r8d\n\tvmcall\n\t"

static unsigned kinds, wrong;

static void check(const char *code, const char *more, uint64_t flags, uint64_t right)
{
	if (flags == right)
		return;
	wrong++;
	print("flags: %lx, not %lx, behind %s%s\n", flags, right, code, more);
}

#define COMPARE(code, a, b)                                                                        \
	do {                                                                                       \
		uint64_t right = FLAGS(code, "", a, b);                                            \
		kinds++;                                                                           \
		check(code, "", FLAGS(code, CALL, a, b), right);                                   \
		check(code, " and a jump", FLAGS(code, CALL_LATE, a, b), right);                   \
	} while (0)

#define TRY(code)                                                                                  \
	do {                                                                                       \
		COMPARE(code, 0, 0);                                                               \
		COMPARE(code, 1, 0x7fffffffffffffff);                                              \
		COMPARE(code, 0xffffffffffffffff, 1);                                              \
		COMPARE(code, 0x8000000000000000, 0x8000000000000000);                             \
	} while (0)

bool while_in_flight(struct trap_frame *frame)
{
	(void)frame;
	return true;
}

int guest_main(void)
{
	TRY("addq %%rcx, %%rdx");
	TRY("subq %%rcx, %%rdx");
	TRY("cmpl %%ecx, %%edx");
	TRY("andq %%rcx, %%rdx");
	TRY("testb %%cl, %%dl");
	TRY("incl %%edx");
	TRY("negq %%rdx");
	TRY("shlq $3, %%rdx");
	TRY("sarl $1, %%edx");
	TRY("stc; adcq %%rcx, %%rdx");
	TRY("clc; sbbl %%ecx, %%edx");
	TRY("imulq %%rcx, %%rdx");
	TRY("btq $63, %%rdx");
	TRY("stc");
	TRY("std");
	TRY("xorl %%edx, %%edx; bsfq %%rcx, %%rdx; cmpq %%rcx, %%rdx");
	print("flags: %u kinds of code, %u wrong\n", kinds, wrong);
	return wrong != 0;
}
