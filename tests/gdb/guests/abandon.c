/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A call that a handler abandons: it leads the guest elsewhere, as a kernel does that kills a
 * thread. The next call reuses its stack frame, with other arguments.
 */
#include "lib/answer.h"

static __attribute__((naked)) void elsewhere(void)
{
	__asm__("ret");
}

bool while_in_flight(struct trap_frame *frame)
{
	if (frame->rdi % 2)
		return true;
	frame->rip = (uint64_t)elsewhere;
	return false;
}

int guest_main(void)
{
	for (unsigned i = 0; i < 4; i++)
		call_once(NR, i, 0);
	print("abandon: done\n");
	return 0;
}
