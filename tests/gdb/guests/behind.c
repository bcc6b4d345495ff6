/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Takes an interrupt right behind each call: it waits for STI, which lets one instruction more
 * pass. Its frame must be that of an interrupt behind a NOP in the same place; IRET puts it back.
 * Then calls behind code that has to do with flags, while a timer interrupts wherever it may.
 *
 * With -append trap, the gate of #UD lets interrupts in before its handler.
 */
#include "apic.h"
#include "guest.h"
#include "traps.h"
#include "x86.h"

#define NO_SUCH_CALL  "0x80000099"
#define APIC_ICR      0xfee00300ul
#define TO_MYSELF     0x40000u
#define VECTOR_BEHIND 0x21
#define GATE_OF_UD    5 /* its byte that says which kind: a trap gate's has bit 0 too */
#define GATE_SIZE     16
#define PUSHFQ	      1 /* bytes */
#define TIMES	      50
#define HERTZ	      20000
#define IN_STORM      10000
#define INTERRUPTS    200

static struct {
	uint64_t rip, rflags, count;
} taken;

static int on_interrupt(struct trap_frame *frame)
{
	taken.rip = frame->rip;
	taken.rflags = frame->rflags;
	taken.count++;
	apic_end_of_interrupt();
	return 0;
}

/* RFLAGS behind `code` and one instruction, behind which an interrupt comes: `end` is there. */
#define RUN(code, instruction, a, b, end)                                                          \
	({                                                                                         \
		uint64_t flags, rcx = (a), rdx = (b);                                              \
		__asm__ volatile("cli\n\tmovl %5, (%%rbx)\n\tpushq $2\n\tpopfq\n\t"                \
				 "movl $" NO_SUCH_CALL ", %%r8d\n\t"                               \
				 "leaq 1f(%%rip), %%rax\n\tmovq %%rax, %1\n\t" code                \
				 "\n\tsti\n\t" instruction "\n1:\n\tpushfq\n\tpopq %0\n\tcld"      \
				 : "=r"(flags), "=m"(end), "+c"(rcx), "+d"(rdx)                    \
				 : "b"(APIC_ICR), "r"(TO_MYSELF | VECTOR_BEHIND)                   \
				 : "rax", "rsi", "rdi", "r8", "memory", "cc");                     \
		flags;                                                                             \
	})

static unsigned calls, wrong;

/* An answer that is given in place of the instruction leaves STI's shadow to the next one. */
static void check(const char *code, uint64_t flags, uint64_t right, uint64_t end, uint64_t pushed)
{
	bool is_behind = taken.rip == end || taken.rip == end + PUSHFQ;

	calls++;
	if (flags == right && is_behind && taken.rflags == pushed)
		return;
	wrong++;
	print("behind %s: flags %lx, not %lx; at %lx, not %lx, with %lx, not %lx\n", code, flags,
	      right, taken.rip, end, taken.rflags, pushed);
}

#define COMPARE(code, a, b)                                                                        \
	do {                                                                                       \
		uint64_t end, right = RUN(code, "nop", a, b, end), pushed = taken.rflags, flags;   \
		flags = RUN(code, "vmcall", a, b, end);                                            \
		check(code, flags, right, end, pushed);                                            \
	} while (0)

#define TRY(code)                                                                                  \
	do {                                                                                       \
		COMPARE(code, 0, 0);                                                               \
		COMPARE(code, 1, 0x7fffffffffffffff);                                              \
		COMPARE(code, 0xffffffffffffffff, 1);                                              \
		COMPARE(code, 0x8000000000000000, 0x8000000000000000);                             \
	} while (0)

/* The carry of 1 + `a` behind a call. */
static bool carry_behind_a_call(uint64_t a)
{
	uint64_t flags;

	__asm__ volatile("movl $" NO_SUCH_CALL ", %%r8d\n\taddq $1, %1\n\tvmcall\n\t"
			 "pushfq\n\tpopq %0"
			 : "=r"(flags), "+r"(a)
			 :
			 : "rax", "rsi", "rdi", "r8", "memory", "cc");
	return flags & RFLAGS_CF;
}

static void call_in_a_storm(void)
{
	uint64_t before = taken.count;

	traps_set_handler(VECTOR_TIMER, on_interrupt);
	apic_timer_start(HERTZ);
	for (unsigned i = 0; i < IN_STORM || taken.count - before < INTERRUPTS; i++)
		wrong += carry_behind_a_call(i & 1 ? UINT64_MAX : 0) != (i & 1);
	apic_timer_stop();
}

static void let_interrupts_in(void)
{
	struct {
		uint16_t limit;
		uint64_t base;
	} __attribute__((packed)) idt;

	__asm__ volatile("sidt %0" : "=m"(idt));
	*(uint8_t *)(idt.base + VECTOR_UD * GATE_SIZE + GATE_OF_UD) |= 1;
}

int guest_main(void)
{
	traps_set_handler(VECTOR_BEHIND, on_interrupt);
	if (guest_option("trap"))
		let_interrupts_in();
	for (unsigned i = 0; i < TIMES; i++) {
		TRY("nop");
		TRY("movq %%rcx, %%rax");
		TRY("addq %%rcx, %%rdx");
		TRY("cmpl %%ecx, %%edx");
		TRY("incl %%edx");
		TRY("shlq $3, %%rdx");
		TRY("stc; adcq %%rcx, %%rdx");
		TRY("imulq %%rcx, %%rdx");
		TRY("std");
	}
	call_in_a_storm();
	print("behind: %u calls, %u wrong\n", calls, wrong);
	return wrong != 0;
}
