/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A handler that returns to the faulting instruction: the same VMCALL is executed three times and
 * answered once. The exception frame is on a stack of its own, or, with the option `shared`, below
 * the caller's.
 */
#include "lib/answer.h"
#include "x86.h"

#define GATE_SIZE  16
#define GATE_STACK 4 /* offset of the byte that selects the stack */

bool while_in_flight(struct trap_frame *frame)
{
	static unsigned faults;

	(void)frame;
	return ++faults % 3 == 0;
}

static void use_the_callers_stack(void)
{
	struct {
		uint16_t limit;
		uint64_t base;
	} __attribute__((packed)) idt;

	__asm__ volatile("sidt %0" : "=m"(idt));
	*(uint8_t *)(idt.base + VECTOR_UD * GATE_SIZE + GATE_STACK) = 0;
}

int guest_main(void)
{
	if (guest_option("shared"))
		use_the_callers_stack();
	for (unsigned i = 0; i < 2; i++)
		print("retry: %ld\n", call_once(NR, i, 0));
	return 0;
}
