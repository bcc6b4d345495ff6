/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A hypercall of which nothing is lost, whatever it does to the registers: what they were and what
 * they are is kept in the per-CPU scratch, which is reached through GS and no general register.
 */
#ifndef CLOBBER_PROBE_H
#define CLOBBER_PROBE_H

#include "percpu.h"

/* Offsets in struct probe. */
#define PROBE_BEFORE	   0
#define PROBE_AFTER	   128
#define PROBE_FLAGS_BEFORE 256
#define PROBE_FLAGS_AFTER  264
#define PROBE_SAVED	   272

#ifndef __ASSEMBLER__
#define REGISTERS 16

/* The order of the instruction encoding, which is that of break_registers. */
enum register_number { RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8 };

struct probe {
	uint64_t before[REGISTERS]; /* all but RSP are loaded from here */
	uint64_t after[REGISTERS];
	uint64_t flags_before, flags_after;
	uint64_t saved[7];
};

_Static_assert(__builtin_offsetof(struct probe, after) == PROBE_AFTER, "as in assembly");
_Static_assert(__builtin_offsetof(struct probe, flags_after) == PROBE_FLAGS_AFTER,
	       "as in assembly");
_Static_assert(__builtin_offsetof(struct probe, saved) == PROBE_SAVED, "as in assembly");
_Static_assert(sizeof(struct probe) <= sizeof(((struct cpu *)0)->scratch), "must fit");

/* Makes the call that the calling CPU's struct probe describes. Interrupts must be off. */
void probe_call(void);

static inline struct probe *this_probe(void)
{
	return (struct probe *)this_cpu()->scratch;
}
#endif
#endif
