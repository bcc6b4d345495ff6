/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a recorded call costs: the same loop with the header only, with the recorder off and with it
 * on, in turn, and the TSC's ticks of each turn on a line.
 */
#include "acrn_recorder.h"
#include "guest.h"
#include "loop.h"
#include "x86.h"

#define ROUNDS 600
#define CALLS  1000 /* bench/ring.py knows */
#define GATE   16   /* bytes */

extern char answer_vmcall[];

bool acrn_emulate(void)
{
	struct {
		uint16_t limit;
		uint64_t base;
	} __attribute__((packed)) table;
	uint16_t *gate;
	uint64_t handler = (uint64_t)answer_vmcall;

	__asm__ volatile("sidt %0" : "=m"(table));
	gate = (uint16_t *)(table.base + VECTOR_UD * GATE);
	gate[0] = handler;
	gate[3] = handler >> 16;
	*(uint32_t *)(gate + 4) = handler >> 32;
	return true;
}

static uint64_t ticks_of(void (*loop)(unsigned long))
{
	uint64_t start = rdtsc();

	loop(CALLS);
	return rdtsc() - start;
}

int guest_main(void)
{
	for (unsigned round = 0; round <= ROUNDS; round++) {
		uint64_t plain = ticks_of(calls_not_recorded), off, on;

		acrn_ring_disable();
		off = ticks_of(calls_recorded);
		acrn_ring_enable();
		on = ticks_of(calls_recorded);
		if (round) /* the first makes QEMU translate */
			print("%lu %lu %lu\n", plain, off, on);
	}
	return 0;
}
