/* SPDX-License-Identifier: BSD-3-Clause */
#include "traps.h"

/* Exceptions for which the processor pushes an error code itself. */
#define WITH_ERROR_CODE 0x60227d00

	.text
	.cfi_sections .debug_frame
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

	.type	trap_common, @function
trap_common:				/* makes a struct trap_frame */
	.cfi_startproc simple
	.cfi_signal_frame
	/* A CFA from the first instruction on: GDB 13 has an internal error where there is none. */
	.cfi_def_cfa rsp, 56
	.cfi_undefined rip
	.irp	register, %r15, %r14, %r13, %r12, %r11, %r10, %r9, %r8, %rdi, %rsi, %rbp, $0, %rbx, %rdx, %rcx, %rax
	pushq	\register
	.cfi_adjust_cfa_offset 8
	.endr
	movq	%rsp, %rdi
	cld
	subq	$8, %rsp		/* C wants the stack aligned to 16 */
	/* Only here can a debugger want to walk on: 8 bytes, then the frame of 184, and the CFA. */
	.cfi_adjust_cfa_offset 8
	.cfi_offset rip, -40
	.cfi_offset rsp, -16
	.cfi_offset rbx, -160
	.cfi_offset rbp, -144
	.cfi_offset r12, -88
	.cfi_offset r13, -80
	.cfi_offset r14, -72
	.cfi_offset r15, -64
	call	handle_trap
	addq	$8, %rsp
	.cfi_endproc
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
