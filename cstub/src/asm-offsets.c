/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Compiled to assembly, never linked: each line "@#define NAME value@" becomes a line of
 * acrn_asm_offsets.h, for trampoline.S.
 */
#include "acrn_trampoline.h"

#define CONSTANT(name, value) __asm__("/* \"@#define " #name " %P0@\" */" : : "i"(value))

void asm_offsets(void);

void asm_offsets(void)
{
	CONSTANT(NOTES_BEFORE, __builtin_offsetof(struct acrn_notes, before));
	CONSTANT(REGISTERS_SIZE, sizeof(struct acrn_registers));
	CONSTANT(REGISTERS_GENERAL, __builtin_offsetof(struct acrn_registers, general));
	CONSTANT(CAPTURES, ACRN_CAPTURES);
	CONSTANT(RECORD_TSC_RETURN, __builtin_offsetof(struct acrn_record, tsc_return));
	CONSTANT(RECORD_RESULT, __builtin_offsetof(struct acrn_record, result));
	CONSTANT(FLAGS_NOT_OURS, ACRN_FLAGS_NOT_OURS);
	CONSTANT(CALLED_TO_RETURNING, ACRN_RECORD_RETURNING - ACRN_RECORD_CALLED);
	CONSTANT(CALLED_TO_RETURNED, ACRN_RECORD_RETURNED - ACRN_RECORD_CALLED);
}
