/* SPDX-License-Identifier: BSD-3-Clause */
#include "acrn_asm.h"

	.section .text.call_once, "ax"
	.globl	call_once, past_the_call
	.type	call_once, @function
call_once:
	movq	%rdi, %r8
	movq	%rsi, %rdi
	movq	%rdx, %rsi
	ACRN_VMCALL
past_the_call:
	ret
	.size	call_once, . - call_once

	.section .text.call_twice, "ax"
	.globl	call_twice
	.type	call_twice, @function
call_twice:
	movq	%rdi, %r8
	movq	%rsi, %rdi
	movq	%rdx, %rsi
	ACRN_VMCALL
	ACRN_VMCALL
	ret
	.size	call_twice, . - call_twice

	.section .note.GNU-stack, "", @progbits
