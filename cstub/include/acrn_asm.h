/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Hypercalls from assembly (.S) files:
 *
 *   ACRN_VMCALL          a VMCALL with a site record; the code around loads R8, RDI and RSI
 *   ACRN_VMCALL NUMBER   the same, recording the number: a constant expression of the assembler
 *
 * Neither form loads a register; the hypervisor changes RAX, and memory if the call says so. In an
 * assembler macro around ACRN_VMCALL, file and line are those of that macro's definition.
 */
#ifndef ACRN_ASM_H
#define ACRN_ASM_H

#ifndef __ASSEMBLER__
#error "acrn_asm.h is for assembly; C includes acrn_hypercall.h"
#endif

#include "acrn_site.h"

/* clang-format off */
	.macro acrn_vmcall_ line, number:vararg
.Lacrn_asm_site\@:
	vmcall
	.pushsection .acrn_sites, "ao", @progbits, .Lacrn_asm_site\@
	.balign 8
	.long .Lacrn_asm_site\@ - .
	.long 77771b - .
	.long \line
	.ifb \number
	.long 0
	.quad 0
	.else
	.long ACRN_SITE_NUMBER_KNOWN
	.quad \number
	.endif
	.popsection
	.endm

/* The name goes by a numbered label, since a macro's argument would be searched for backslashes. */
#define ACRN_VMCALL                                       \
	.pushsection .rodata.str1.1, "aMS", @progbits, 1; \
	77771: .asciz __FILE__;                           \
	.popsection;                                      \
	acrn_vmcall_ __LINE__,
/* clang-format on */

#endif
