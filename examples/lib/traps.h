/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Exceptions and interrupts. One that nobody asked for prints a line and ends the run as failed.
 */
#ifndef EXAMPLES_TRAPS_H
#define EXAMPLES_TRAPS_H

#define TRAP_VECTORS	64
#define VECTOR_TIMER	0x20
#define VECTOR_SPURIOUS 0x3f

#ifndef __ASSEMBLER__
#include <stdint.h>

/* In the order of the pushes in trap_entries.S. */
struct trap_frame {
	uint64_t rax, rcx, rdx, rbx, unused, rbp, rsi, rdi;
	uint64_t r8, r9, r10, r11, r12, r13, r14, r15;
	uint64_t vector, error;
	uint64_t rip, cs, rflags, rsp, ss;
};

/* Returns 0 if it dealt with the trap; what it changes in the frame, the interrupted code gets. */
typedef int (*trap_handler)(struct trap_frame *frame);

void traps_set_handler(unsigned vector, trap_handler handler);

/* Loads the table on the calling CPU. */
void traps_init(void);

#endif
#endif
