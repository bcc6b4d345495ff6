/* SPDX-License-Identifier: BSD-3-Clause */
/* Two calls that come back, and one that waits, as is printed, until somebody writes to `wake`. */
#include "lib/answer.h"
#include "x86.h"

volatile uint64_t wake;

bool while_in_flight(struct trap_frame *frame)
{
	if (frame->rdi == 2) {
		print("hang: waits\n");
		while (!wake)
			pause();
	}
	return true;
}

int guest_main(void)
{
	print("hang: %ld\n", call_once(NR, 0, 0) + call_once(NR, 1, 0));
	print("hang: %ld\n", call_once(NR, 2, 0));
	return 0;
}
