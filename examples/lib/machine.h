/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The ends of a run on QEMU's PC machines, and its memory routines.
 */
#ifndef EXAMPLES_MACHINE_H
#define EXAMPLES_MACHINE_H

#include <stddef.h>

/* ACPI power off: QEMU ends with status 0. */
_Noreturn void machine_power_off(void);

/* QEMU ends with status 3 (through its isa-debug-exit device at 0xf4). */
_Noreturn void machine_fail(void);

void *memcpy(void *to, const void *from, size_t count);
void *memset(void *to, int byte, size_t count);
int memcmp(const void *a, const void *b, size_t count);

#endif
