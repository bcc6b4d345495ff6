/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TESTS_NO_IDT_H
#define TESTS_NO_IDT_H

#include <stdint.h>

/* From here on every exception is a triple fault. */
static inline void drop_idt(void)
{
	struct {
		uint16_t limit;
		uint64_t base;
	} __attribute__((packed)) nothing = {0};

	__asm__ volatile("lidt %0" : : "m"(nothing));
}

static inline void triple_fault(void)
{
	drop_idt();
	__asm__ volatile("ud2");
}

#endif
