/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The ends of a run on QEMU's PC machines, their clock, and memory routines.
 */
#ifndef EXAMPLES_MACHINE_H
#define EXAMPLES_MACHINE_H

#include <stddef.h>
#include <stdint.h>

#define MACHINE_CLOCK_HERTZ 3579545

/* ACPI power off: QEMU ends with status 0. */
_Noreturn void machine_power_off(void);

/* QEMU ends with status 3 (through its isa-debug-exit device at 0xf4). */
_Noreturn void machine_fail(void);

/* Ticks of the ACPI timer since `start`, a value of machine_clock(0); right for 4 seconds. */
uint32_t machine_clock(uint32_t start);

void *memcpy(void *to, const void *from, size_t count);
void *memset(void *to, int byte, size_t count);
int memcmp(const void *a, const void *b, size_t count);

#endif
