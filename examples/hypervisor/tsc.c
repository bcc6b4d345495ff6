/* SPDX-License-Identifier: BSD-3-Clause */
#include "machine.h"
#include "tsc.h"
#include "x86.h"

#define TICKS_OF_10_MS (MACHINE_CLOCK_HERTZ / 100)

uint32_t tsc_khz(void)
{
	static uint32_t khz;
	uint32_t ticks, start = machine_clock(0);
	uint64_t tsc = rdtsc();

	if (khz)
		return khz;
	do {
		ticks = machine_clock(start);
	} while (ticks < TICKS_OF_10_MS);
	khz = (rdtsc() - tsc) * TICKS_OF_10_MS / ticks / 10;
	return khz ? khz : 1;
}
