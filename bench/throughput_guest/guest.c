/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Two vCPUs that make calls as fast as they can, each call answered by the shortest #UD handler
 * that there is: what a tracer makes of that is the tracer's own speed. -append short: few calls.
 */
#include "acrn_hypercall.h"
#include "guest.h"
#include "percpu.h"
#include "second_cpu.h"
#include "x86.h"

#ifdef ACRN_RING
#include "acrn_recorder.h"
#endif

#define CALLS	       1500000ul /* of each vCPU */
#define FEW_CALLS      20000ul
#define GATE	       16 /* bytes of an entry of the IDT */
#define INTERRUPT_GATE 0x8e00

extern char answer_vmcall[];

static volatile unsigned long calls;
static volatile bool second_started, second_finished;

static void answer_calls(void)
{
	struct {
		uint16_t limit;
		uint64_t base;
	} __attribute__((packed)) table;
	uint64_t handler = (uint64_t)answer_vmcall;
	uint16_t *gate;

	__asm__ volatile("sidt %0" : "=m"(table));
	gate = (uint16_t *)(table.base + 6 * GATE);
	gate[0] = (uint16_t)handler;
	gate[2] = INTERRUPT_GATE;
	gate[3] = (uint16_t)(handler >> 16);
	*(uint32_t *)(gate + 4) = (uint32_t)(handler >> 32);
}

/* There is no ACRN here, and none is needed. */
bool acrn_emulate(void)
{
	answer_calls();
	return true;
}

static void make_calls(void)
{
	for (unsigned long i = 0, count = calls; i < count; i++) {
#ifdef BEHIND_FLAGS
		__asm__ volatile("cmp %0, %0" : : "r"(i) : "cc");
#endif
		acrn_hypercall2(0x80000025, this_cpu()->number, i);
	}
}

static void second_vcpu(void)
{
	answer_calls();
	second_started = true;
	make_calls();
	second_finished = true;
	for (;;)
		wait_for_interrupt();
}

int guest_main(void)
{
	calls = guest_option("short") ? FEW_CALLS : CALLS;
	second_cpu_run(second_vcpu);
	while (!second_started) /* it begins by setting up the table of handlers, which both have */
		pause();
	make_calls();
	while (!second_finished)
		pause();
	print("throughput: %lu calls\n", 2 * calls);
#ifdef ACRN_RING
	acrn_ring_finish();
#endif
	return 0;
}
