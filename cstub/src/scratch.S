/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A page for calls made by hand (acrn_scratch.h). Among the code, so that the guest may execute it; no
 * VMCALL stands there until the debugger writes it, so that it is none of the guest's sites. A whole
 * page: a structure in it is contiguous for the hypervisor whatever the page tables say. Nothing
 * refers to it, hence R: the linker keeps it.
 */
#include "acrn_scratch.h"

#define INT3 0xcc

	.section .text.acrn_scratch, "axR", @progbits
	.balign ACRN_SCRATCH_SIZE, INT3
	.globl	acrn_scratch
	.type	acrn_scratch, @object
acrn_scratch:
	.fill	ACRN_SCRATCH_MAGIC, 1, INT3
	.ascii	"ACRNCALL"
	.size	acrn_scratch, ACRN_SCRATCH_SIZE

	.section .note.GNU-stack, "", @progbits
