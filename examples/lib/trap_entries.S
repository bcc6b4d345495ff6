/* SPDX-License-Identifier: BSD-3-Clause */
#include "traps.h"

/* Exceptions for which the processor pushes an error code itself. */
#define WITH_ERROR_CODE 0x60227d00

	.text
	.globl	trap_entries
	.balign 16
trap_entries:
	.set	vector, 0
	.rept	TRAP_VECTORS
	.balign 16
	.if	vector >= 32 || !((WITH_ERROR_CODE >> vector) & 1)
	pushq	$0
	.endif
	pushq	$vector
	jmp	trap_common
	.set	vector, vector + 1
	.endr

trap_common:				/* makes a struct trap_frame */
	pushq	%r15
	pushq	%r14
	pushq	%r13
	pushq	%r12
	pushq	%r11
	pushq	%r10
	pushq	%r9
	pushq	%r8
	pushq	%rdi
	pushq	%rsi
	pushq	%rbp
	pushq	$0
	pushq	%rbx
	pushq	%rdx
	pushq	%rcx
	pushq	%rax
	movq	%rsp, %rdi
	cld
	subq	$8, %rsp		/* C wants the stack aligned to 16 */
	call	handle_trap
	addq	$8, %rsp
	popq	%rax
	popq	%rcx
	popq	%rdx
	popq	%rbx
	addq	$8, %rsp
	popq	%rbp
	popq	%rsi
	popq	%rdi
	popq	%r8
	popq	%r9
	popq	%r10
	popq	%r11
	popq	%r12
	popq	%r13
	popq	%r14
	popq	%r15
	addq	$16, %rsp
	iretq

	.section .note.GNU-stack, "", @progbits
