/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The function that is there for a breakpoint. QEMU runs all code on the page of a breakpoint
 * slowly, hence a page on which there is nothing else.
 */
#define PAGE_SIZE 4096

	.section .text.acrn_ring_watermark, "ax", @progbits
	.balign PAGE_SIZE
	.globl	acrn_ring_watermark
	.type	acrn_ring_watermark, @function
acrn_ring_watermark:
	.cfi_startproc
	ret
	.cfi_endproc
	.size	acrn_ring_watermark, . - acrn_ring_watermark
	.balign PAGE_SIZE, 0xcc

	.section .note.GNU-stack, "", @progbits
