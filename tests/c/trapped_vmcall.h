/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * For programs that make hypercalls in a host process and answer them in a signal handler. What a
 * processor in user mode makes of VMCALL depends on the machine: it is UD2 and a NOP here, which
 * are as long.
 */
#ifndef TEST_TRAPPED_VMCALL_H
#define TEST_TRAPPED_VMCALL_H

#include <stdio.h>

__asm__(".macro vmcall\n\t.byte 0x0f, 0x0b, 0x90\n\t.endm");

static volatile int failures;

#define EXPECT(condition)                                                                          \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			printf("line %d: %s\n", __LINE__, #condition);                             \
			failures++;                                                                \
		}                                                                                  \
	} while (0)

#endif
