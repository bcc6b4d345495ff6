/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Compiled to assembly, never linked: each line "@#define NAME value@" becomes a line of
 * acrn_asm_offsets.h, for trampoline.S.
 */
#include "trampoline.h"

#define CONSTANT(name, value) __asm__("/* \"@#define " #name " %P0@\" */" : : "i"(value))

void asm_offsets(void);

void asm_offsets(void)
{
	CONSTANT(NOTES_SIZE, sizeof(struct acrn_notes));
	CONSTANT(NOTES_CONTINUATION, __builtin_offsetof(struct acrn_notes, continuation));
	CONSTANT(NOTES_RECORD, __builtin_offsetof(struct acrn_notes, claim.record));
	CONSTANT(NOTES_WORD, __builtin_offsetof(struct acrn_notes, claim.word));
	CONSTANT(NOTES_CAPTURED, __builtin_offsetof(struct acrn_notes, captured));
	CONSTANT(NOTES_BEFORE, __builtin_offsetof(struct acrn_notes, before));
	CONSTANT(NOTES_SITE, __builtin_offsetof(struct acrn_notes, site));
	CONSTANT(NOTES_RESUME, __builtin_offsetof(struct acrn_notes, resume));
	CONSTANT(REGISTERS_SIZE, sizeof(struct acrn_registers));
	CONSTANT(REGISTERS_RFLAGS, __builtin_offsetof(struct acrn_registers, rflags));
	CONSTANT(RECORD_TSC_RETURN, __builtin_offsetof(struct acrn_record, tsc_return));
	CONSTANT(RECORD_RESULT, __builtin_offsetof(struct acrn_record, result));
	CONSTANT(RECORD_FLAGS, __builtin_offsetof(struct acrn_record, flags));
	CONSTANT(FLAG_CHECKED, ACRN_RECORD_CHECKED);
	CONSTANT(FLAGS_NOT_OURS, ACRN_FLAGS_NOT_OURS);
	CONSTANT(CALLED_TO_RETURNING, ACRN_RECORD_RETURNING - ACRN_RECORD_CALLED);
	CONSTANT(CALLED_TO_RETURNED, ACRN_RECORD_RETURNED - ACRN_RECORD_CALLED);
	CONSTANT(CALL_TOKEN, ACRN_CALL_TOKEN_);
}
