/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the checked trampoline keeps on the stack while a call is under way. The site
 * (acrn_recorded_call.h) and trampoline.S build it, the latter with the offsets that asm-offsets.c
 * generates. Not for use by a guest.
 */
#ifndef ACRN_TRAMPOLINE_H
#define ACRN_TRAMPOLINE_H

#include "acrn_ring_writer.h"

/* The processor's order. */
enum acrn_register {
	ACRN_RAX = 0,
	ACRN_RCX = 1,
	ACRN_RDX = 2,
	ACRN_RSP = 4,
	ACRN_R8 = 8,
	ACRN_REGISTERS = 16,
};

#define ACRN_FLAGS_NOT_OURS 0x10100 /* RF TF: a debugger's */

struct acrn_registers {
	uint64_t rflags;
	uint64_t general[ACRN_REGISTERS]; /* in the processor's order; RSP means nothing */
};

/*
 * At RSP when VMCALL of a recorded call is executed, and 128 bytes of what may be a red zone above
 * it.
 */
struct acrn_notes {
	struct acrn_registers before; /* RAX means nothing */
	const struct acrn_captured_ *captured;
};

/* What the site has in registers, and so in `before` as well. */
#define ACRN_NOTED_RECORD ACRN_RCX /* its address, plus ACRN_CAPTURES if `captured` is valid */
#define ACRN_NOTED_WORD	  ACRN_RDX

#define ACRN_CAPTURES 1
#define ACRN_RED_ZONE 128

/* Bytes from the VMCALL to where acrn_trampoline_return_ returns. */
#define ACRN_VMCALL_TO_RETURN 8

/*
 * `resume`: where the site goes on. Returns whether `after` has other flags changed than the
 * arithmetic ones.
 */
int acrn_trampoline_end_(const struct acrn_notes *notes, const struct acrn_registers *after,
			 uint64_t resume);

#endif
