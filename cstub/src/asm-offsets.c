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
	CONSTANT(NOTES_BEFORE, __builtin_offsetof(struct acrn_notes, before));
	CONSTANT(NOTES_SITE, __builtin_offsetof(struct acrn_notes, site));
	CONSTANT(NOTES_RESUME, __builtin_offsetof(struct acrn_notes, resume));
	CONSTANT(REGISTERS_SIZE, sizeof(struct acrn_registers));
	CONSTANT(REGISTERS_RFLAGS, __builtin_offsetof(struct acrn_registers, rflags));
	CONSTANT(CALL_TOKEN, ACRN_CALL_TOKEN_);
}
