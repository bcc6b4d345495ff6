/* SPDX-License-Identifier: BSD-3-Clause */
#include <time.h>
#include <x86intrin.h>

#include "tsc_clock.h"

#define BILLION 1000000000ull

static uint64_t nanoseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC_RAW, &now);
	return (uint64_t)now.tv_sec * BILLION + (uint64_t)now.tv_nsec;
}

uint64_t host_tsc_hz(void)
{
	uint64_t begun = nanoseconds(), ticks = __rdtsc();
	struct timespec pause = {.tv_nsec = BILLION / 20};
	uint64_t spent;

	nanosleep(&pause, NULL);
	ticks = __rdtsc() - ticks;
	spent = nanoseconds() - begun;
	return (uint64_t)((unsigned __int128)ticks * BILLION / spent);
}
