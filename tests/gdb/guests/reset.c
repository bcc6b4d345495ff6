/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The first boot ends in a triple fault with two calls in flight; the second, if QEMU allows it,
 * ends well. What tells them apart is a word of memory that no boot code writes.
 */
#include "lib/answer.h"
#include "lib/no_idt.h"

static volatile uint64_t *const boots = (uint64_t *)0x3000000;

bool while_in_flight(struct trap_frame *frame)
{
	if (*boots != 1 || !frame->rdi)
		return true;
	if (frame->rdi == 1)
		call_once(NR, 2, 0);
	triple_fault();
	return false;
}

int guest_main(void)
{
	++*boots;
	print("reset: boot %lu\n", *boots);
	print("reset: %ld\n", call_once(NR, 0, 0) + call_once(NR, 1, 0));
	return 0;
}
