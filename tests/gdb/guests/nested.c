/* SPDX-License-Identifier: BSD-3-Clause */
/* Calls within calls, all at one site: the innermost of four comes back first. */
#include "lib/answer.h"

#define DEPTH 4

static unsigned depth;

bool while_in_flight(struct trap_frame *frame)
{
	(void)frame;
	if (++depth < DEPTH)
		print("nested: %ld\n", call_once(NR, depth, 0));
	depth--;
	return true;
}

int guest_main(void)
{
	print("nested: %ld\n", call_once(NR, 0, 0));
	return 0;
}
