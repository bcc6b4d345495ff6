/* SPDX-License-Identifier: BSD-3-Clause */
/* Two vCPUs make calls, one after the other, until somebody writes to `enough`. */
#include "lib/answer.h"
#include "percpu.h"
#include "second_cpu.h"
#include "x86.h"

volatile uint64_t enough;
static bool in_order[MAX_CPUS], finished;

bool while_in_flight(struct trap_frame *frame)
{
	(void)frame;
	return true;
}

/* Each call is answered with a higher number than those before. */
static void make_calls(void)
{
	unsigned vcpu = this_cpu()->number;
	long ret, last = -1;

	for (in_order[vcpu] = true; !enough; last = ret) {
		ret = call_once(NR, vcpu, 0);
		in_order[vcpu] &= ret > last;
	}
}

static void second_vcpu(void)
{
	make_calls();
	__atomic_store_n(&finished, true, __ATOMIC_RELEASE);
	for (;;)
		wait_for_interrupt();
}

int guest_main(void)
{
	second_cpu_run(second_vcpu);
	make_calls();
	while (!__atomic_load_n(&finished, __ATOMIC_ACQUIRE))
		pause();
	print("endless: calls in order: %d %d\n", in_order[0], in_order[1]);
	return 0;
}
