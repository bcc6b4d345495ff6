/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The least that can answer a call: the handler of #UD says 0 and steps over the VMCALL. On a page of
 * its own: two targets of jumps on one page may have one place in QEMU's cache, and whether they do
 * would change with every instruction of the loops.
 */
	.section .text.answer, "ax", @progbits
	.balign 4096
	.globl	answer_vmcall
answer_vmcall:
	xorl	%eax, %eax
	addq	$3, (%rsp)
	iretq
	.balign 4096

	.section .note.GNU-stack, "", @progbits
