/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the checked trampoline keeps on the stack while a call is under way. trampoline.S builds it,
 * with the offsets that asm-offsets.c generates.
 */
#ifndef TRAMPOLINE_H
#define TRAMPOLINE_H

#include "acrn_recorder.h"

/* The processor's order. */
enum acrn_register {
	ACRN_RAX = 0,
	ACRN_RSP = 4,
	ACRN_RSI = 6,
	ACRN_RDI = 7,
	ACRN_R8 = 8,
	ACRN_REGISTERS = 16,
};

#define ACRN_FLAGS_NOT_OURS 0x10100 /* RF TF: a debugger's */

struct acrn_registers {
	uint64_t general[ACRN_REGISTERS]; /* in the processor's order; RSP means nothing */
	uint64_t rflags;
};

/* At RSP when VMCALL is executed, and 128 bytes of what may be a red zone above it. */
struct acrn_notes {
	uint64_t continuation; /* where to go after VMCALL: no register could tell */
	struct acrn_claim claim;
	struct acrn_registers before;

	/* Pushed by the site. */
	uint64_t site;
	uint64_t flags; /* of the record */
	const struct acrn_captured_ *captured;
	uint64_t resume; /* the site's instruction that takes all this off the stack */
};

void acrn_trampoline_begin_(struct acrn_notes *notes);

/* Returns whether `after` has other flags changed than the arithmetic ones. */
int acrn_trampoline_end_(const struct acrn_notes *notes, const struct acrn_registers *after);

#endif
