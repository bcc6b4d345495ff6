/* SPDX-License-Identifier: BSD-3-Clause */
#include "acrn_asm.h"

	.section .text.start, "ax", @progbits
	.globl _start
_start:
	call guest_main
	hlt

	.section .text.assembly_sites, "ax", @progbits
	.globl assembly_sites
assembly_sites:
	mov $0x80000014, %r8d
	ACRN_VMCALL 0x80000014 /* nr 0x80000014 */
	mov %rax, %r8
	ACRN_VMCALL /* nr ? */
	ACRN_VMCALL 0x80000000 + (1 << 4) /* nr 0x80000010 */
	ret

	.section .text.dead_assembly, "ax", @progbits
	ACRN_VMCALL 7 /* nr 7, dead */
	ret

	.section .note.GNU-stack, "", @progbits
