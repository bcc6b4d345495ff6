/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The instruction after a site runs though no call comes back: before any call, in the handler of
 * an exception and of an interrupt while a call is in flight, and after it.
 */
#include "lib/answer.h"

static int on_interrupt(struct trap_frame *frame)
{
	(void)frame;
	past_the_call();
	return 0;
}

bool while_in_flight(struct trap_frame *frame)
{
	(void)frame;
	past_the_call();
	__asm__ volatile("int %0" : : "i"(VECTOR_TIMER) : "memory");
	return true;
}

int guest_main(void)
{
	traps_set_handler(VECTOR_TIMER, on_interrupt);
	past_the_call();
	for (unsigned i = 0; i < 2; i++) {
		long ret = call_once(NR, 0x1111 + i, 0x2222);

		past_the_call();
		print("jump: %ld\n", ret);
	}
	return 0;
}
