/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Tells of each of six calls what arrived where a hypervisor would be, and what came back. The
 * answer is the number of calls that arrived before.
 */
#include "lib/answer.h"

#define CALLS 6

static bool arrived;
static unsigned long second;
static uint16_t seen;
static struct acrn_vm_creation creation;

bool while_in_flight(struct trap_frame *frame)
{
	arrived = true;
	second = frame->rsi;
	seen = ((struct acrn_vm_creation *)frame->rdi)->vmid;
	return true;
}

__attribute__((noinline)) void between_calls(unsigned index)
{
	__asm__ volatile("" : : "r"(index) : "memory");
}

int guest_main(void)
{
	for (unsigned i = 0; i < CALLS; i++) {
		long ret;

		between_calls(i);
		arrived = false;
		second = 0;
		seen = 0;
		creation.vmid = (uint16_t)(100 + i);
		ret = call_once(ACRN_NR_create_vm, guest_physical(&creation), 1);
		print("%u: %u %u %lu = %ld %u\n", i, arrived, seen, second, ret, creation.vmid);
	}
	return 0;
}
