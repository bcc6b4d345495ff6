/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The checked trampoline: what a site jumps through before and after its VMCALL, to have the
 * registers compared. C finds nothing of it: every register leaves as VMCALL left it, the flags
 * included, and all that is kept lies below the site's red zone (struct acrn_notes).
 *
 * After VMCALL nothing but RSP is trusted. So the site, off or on, goes on at the address that is on
 * top of the stack.
 *
 * To a debugger both parts are functions that the site called and that return to the site's last
 * instruction.
 */
#include "acrn_asm_offsets.h"

#define SITE_PUSHES (NOTES_SIZE - NOTES_SITE)
#define REGISTER(n) (8 * (n))

/* With flags, RAX, RCX and RDX on the stack below the notes. */
#define NOTE(offset) (32 + (offset))
#define BEFORE(n)    NOTE(NOTES_BEFORE + REGISTER(n))

	.cfi_sections .eh_frame, .debug_frame

	.macro push_q register
	pushq	\register
	.cfi_adjust_cfa_offset 8
	.endm

	.macro push_flags
	pushfq
	.cfi_adjust_cfa_offset 8
	.endm

	.macro pop_q register
	popq	\register
	.cfi_adjust_cfa_offset -8
	.endm

/* After push_flags this makes a struct acrn_registers. */
	.macro push_registers
	.irp	register, r15, r14, r13, r12, r11, r10, r9, r8, rdi, rsi, rbp, rsp, rbx, rdx, rcx, rax
	push_q	%\register
	.endr
	.endm

/* The caller's registers are in the struct acrn_registers that is `at` bytes above RSP. */
	.macro registers_are_saved at
	.set	saved_at, \at
	.irp	register, rax, rcx, rdx, rbx, rsp, rbp, rsi, rdi, r8, r9, r10, r11, r12, r13, r14, r15
	.ifnc	\register, rsp
	.cfi_rel_offset \register, saved_at
	.endif
	.set	saved_at, saved_at + 8
	.endr
	.endm

/* What C keeps, it has kept. */
	.macro reload_registers at
	movq	\at + REGISTER(1)(%rsp), %rcx
	movq	\at + REGISTER(2)(%rsp), %rdx
	movq	\at + REGISTER(3)(%rsp), %rbx
	movq	\at + REGISTER(6)(%rsp), %rsi
	movq	\at + REGISTER(7)(%rsp), %rdi
	movq	\at + REGISTER(8)(%rsp), %r8
	movq	\at + REGISTER(9)(%rsp), %r9
	movq	\at + REGISTER(10)(%rsp), %r10
	movq	\at + REGISTER(11)(%rsp), %r11
	.endm

/* C wants RSP to be a multiple of 16 and DF to be 0; RBX keeps RSP. */
	.macro call_c function
	movq	%rsp, %rbx
	.cfi_def_cfa_register rbx
	andq	$-16, %rsp
	cld
	call	\function
	movq	%rbx, %rsp
	.cfi_def_cfa_register rsp
	.endm

/* The stack is as after `bytes` of struct acrn_notes: the site resumes there, its RSP 8 below. */
	.macro start_frame bytes
	.cfi_startproc simple
	.cfi_def_cfa rsp, \bytes
	.cfi_offset rip, -8
	.cfi_escape 0x14, 7, 1		/* DW_CFA_val_offset: RSP is the CFA - 8 */
	.endm

	.section .text.acrn_ring, "ax", @progbits
	.balign 512			/* within one page, see ring.c */
	.globl	acrn_trampoline_call_
	.type	acrn_trampoline_call_, @function
acrn_trampoline_call_:
	start_frame SITE_PUSHES
	push_flags
	push_registers
	registers_are_saved 0
	leaq	-NOTES_BEFORE(%rsp), %rsp
	.cfi_adjust_cfa_offset NOTES_BEFORE
	movq	%rsp, %rdi
	leaq	acrn_trampoline_return_(%rip), %rax
	movq	%rax, NOTES_CONTINUATION(%rsp)
	call_c	acrn_trampoline_begin_
	reload_registers NOTES_BEFORE
	movl	$CALL_TOKEN, %eax
	cmpq	%rsp, %rsp		/* flags that acrn_trampoline_begin_() foresaw */
	jmp	*NOTES_SITE(%rsp)
	.cfi_endproc
	.size	acrn_trampoline_call_, . - acrn_trampoline_call_

	.balign 64			/* two targets of jumps that QEMU's cache has in one place else */
	.globl	acrn_trampoline_return_
	.type	acrn_trampoline_return_, @function
acrn_trampoline_return_:
	start_frame NOTES_SIZE
	push_flags
	push_q	%rax
	push_q	%rcx
	push_q	%rdx
	.cfi_rel_offset rax, 16
	.cfi_rel_offset rcx, 8
	.cfi_rel_offset rdx, 0

	/* RAX collects what makes C necessary; hardly ever anything does. */
	movq	BEFORE(1)(%rsp), %rax
	xorq	%rcx, %rax
	.set	number, 2
	.irp	register, rdx, rbx, rsp, rbp, rsi, rdi, r8, r9, r10, r11, r12, r13, r14, r15
	.ifnc	\register, rsp
	movq	BEFORE(number)(%rsp), %rcx
	xorq	%\register, %rcx
	orq	%rcx, %rax
	.endif
	.set	number, number + 1
	.endr
	movq	24(%rsp), %rcx			/* RFLAGS */
	xorq	NOTE(NOTES_BEFORE + REGISTERS_RFLAGS)(%rsp), %rcx
	andq	$~FLAGS_NOT_OURS, %rcx
	orq	%rcx, %rax
	movq	16(%rsp), %rdx			/* the result, and its sign */
	movq	%rdx, %rcx
	shrq	$63, %rcx
	orq	%rcx, %rax
	orq	NOTE(NOTES_CAPTURED)(%rsp), %rax
	jnz	slowly

	/* acrn_ring_end_(), see acrn_recorder.h */
	movq	NOTE(NOTES_RECORD)(%rsp), %rcx
	testq	%rcx, %rcx
	jz	recorded
	movq	NOTE(NOTES_WORD)(%rsp), %rax
	leaq	CALLED_TO_RETURNING(%rax), %rdx
	lock cmpxchgq %rdx, (%rcx)
	jnz	slowly			/* lapped */
	rdtsc
	shlq	$32, %rdx
	orq	%rdx, %rax
	movq	%rax, RECORD_TSC_RETURN(%rcx)
	movq	16(%rsp), %rax
	movq	%rax, RECORD_RESULT(%rcx)
	orw	$FLAG_CHECKED, RECORD_FLAGS(%rcx)
	movq	NOTE(NOTES_WORD)(%rsp), %rax
	addq	$CALLED_TO_RETURNED, %rax
	movq	%rax, (%rcx)
recorded:
	.cfi_remember_state
	cmpq	%rsp, %rsp		/* the flags are as they were before VMCALL */
	pop_q	%rdx
	.cfi_same_value rdx
	pop_q	%rcx
	.cfi_same_value rcx
	pop_q	%rax
	.cfi_same_value rax
	leaq	8 + NOTES_RESUME(%rsp), %rsp
	.cfi_def_cfa_offset 8
	jmp	*(%rsp)

slowly:
	.cfi_restore_state
	.cfi_def_cfa_offset NOTE(NOTES_SIZE)	/* clang's assembler has forgotten it */
	pop_q	%rdx
	pop_q	%rcx
	pop_q	%rax
	push_registers
	registers_are_saved 0
	leaq	REGISTERS_SIZE(%rsp), %rdi
	movq	%rsp, %rsi
	call_c	acrn_trampoline_end_
	testl	%eax, %eax
	jnz	other_flags

	/* POPFQ is slow: OF by an addition that overflows if bit 11 is set, SAHF for the others. */
	movzbl	REGISTERS_RFLAGS + 1(%rsp), %eax
	andb	$8, %al
	addb	$0x78, %al
	movb	REGISTERS_RFLAGS(%rsp), %ah
	sahf
	.cfi_remember_state
	reload_registers 0
	movq	(%rsp), %rax
	leaq	REGISTERS_SIZE + NOTES_RESUME(%rsp), %rsp
	.cfi_def_cfa_offset 8
	.irp	register, rax, rcx, rdx, rbx, rbp, rsi, rdi, r8, r9, r10, r11, r12, r13, r14, r15
	.cfi_same_value \register
	.endr
	jmp	*(%rsp)

other_flags:
	.cfi_restore_state
	.cfi_def_cfa_offset NOTES_SIZE + REGISTERS_SIZE
	reload_registers 0
	movq	(%rsp), %rax
	leaq	REGISTERS_RFLAGS(%rsp), %rsp
	.cfi_adjust_cfa_offset -REGISTERS_RFLAGS
	.irp	register, rax, rcx, rdx, rbx, rbp, rsi, rdi, r8, r9, r10, r11, r12, r13, r14, r15
	.cfi_same_value \register
	.endr
	popfq
	.cfi_adjust_cfa_offset -8
	leaq	NOTES_RESUME(%rsp), %rsp
	.cfi_def_cfa_offset 8
	jmp	*(%rsp)
	.cfi_endproc
	.size	acrn_trampoline_return_, . - acrn_trampoline_return_

	.section .note.GNU-stack, "", @progbits
