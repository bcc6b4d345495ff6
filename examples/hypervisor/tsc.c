/* SPDX-License-Identifier: BSD-3-Clause */
#include "tsc.h"
#include "x86.h"

#define ACPI_PM_TIMER	    0x608
#define ACPI_PM_TIMER_MASK  0xffffff
#define ACPI_PM_TIMER_10_MS 35795 /* of 3.579545 MHz */

uint32_t tsc_khz(void)
{
	static uint32_t khz;
	uint32_t ticks, from = inl(ACPI_PM_TIMER);
	uint64_t tsc = rdtsc();

	if (khz)
		return khz;
	do {
		ticks = (inl(ACPI_PM_TIMER) - from) & ACPI_PM_TIMER_MASK;
	} while (ticks < ACPI_PM_TIMER_10_MS);
	khz = (rdtsc() - tsc) * ACPI_PM_TIMER_10_MS / ticks / 10;
	return khz ? khz : 1;
}
