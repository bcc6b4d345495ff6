/* SPDX-License-Identifier: BSD-3-Clause */
#include "machine.h"
#include "x86.h"

#define ACPI_PM1A_CONTROL 0x604
#define ACPI_SLEEP_S5	  0x2000
#define ACPI_TIMER	  0x608
#define ACPI_TIMER_MASK	  0xffffff /* 24 bits */
#define DEBUG_EXIT	  0xf4
#define DEBUG_EXIT_FAILED 1 /* QEMU's status is twice that, plus one */

static _Noreturn void halt(void)
{
	for (;;) {
		interrupts_off();
		wait_for_interrupt();
	}
}

void machine_power_off(void)
{
	outw(ACPI_PM1A_CONTROL, ACPI_SLEEP_S5);
	halt();
}

void machine_fail(void)
{
	outl(DEBUG_EXIT, DEBUG_EXIT_FAILED);
	halt();
}

uint32_t machine_clock(uint32_t start)
{
	return (inl(ACPI_TIMER) - start) & ACPI_TIMER_MASK;
}

void *memcpy(void *to, const void *from, size_t count)
{
	void *start = to;

	__asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(count) : : "memory");
	return start;
}

void *memset(void *to, int byte, size_t count)
{
	void *start = to;

	__asm__ volatile("rep stosb" : "+D"(to), "+c"(count) : "a"(byte) : "memory");
	return start;
}

int memcmp(const void *a, const void *b, size_t count)
{
	const unsigned char *x = a, *y = b;

	for (; count; count--, x++, y++)
		if (*x != *y)
			return *x - *y;
	return 0;
}
