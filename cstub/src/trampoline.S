/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The checked trampoline: what a site calls after its VMCALL, to have the registers compared with
 * what it put into its notes. C finds nothing of it: every register leaves as VMCALL left it, the
 * flags included, and all that is kept lies below the site's red zone (struct acrn_notes).
 *
 * After VMCALL nothing but RSP is trusted.
 */
#include "acrn_asm_offsets.h"

#define REGISTER(n) (8 * (n))

	.cfi_sections .eh_frame, .debug_frame

/* Each of the registers that are checked, with its number in the processor's order. */
	.macro each_register macro, base=0
	.set	number, 0
	.irp	register, rax, rcx, rdx, rbx, rsp, rbp, rsi, rdi, r8, r9, r10, r11, r12, r13, r14, r15
	.ifnc	\register, rax
	.ifnc	\register, rsp
	\macro	\register, \base
	.endif
	.endif
	.set	number, number + 1
	.endr
	.endm

	.macro save register, base
	movq	%\register, \base + REGISTER(number)(%rsp)
	.endm

/* On the stack: struct acrn_registers of what VMCALL left, the return address, the notes. */
#define AFTER(n)    (REGISTERS_GENERAL + REGISTER(n))
#define NOTE(field) (REGISTERS_SIZE + 8 + (field))
#define BEFORE(n)   NOTE(NOTES_BEFORE + AFTER(n))

/* RDX collects what makes C necessary; hardly ever anything does. */
	.macro	compare register, base
	.ifnc	\register, rdx
	movq	BEFORE(number)(%rsp), %rax
	xorq	%\register, %rax
	orq	%rax, %rdx
	.endif
	.endm

	.macro say_saved register, base
	.cfi_rel_offset \register, AFTER(number)
	.endm

	.macro say_same register, base
	.cfi_same_value \register
	.endm

/* What C keeps, it has kept. */
	.macro reload_registers
	movq	AFTER(1)(%rsp), %rcx
	movq	AFTER(2)(%rsp), %rdx
	movq	AFTER(3)(%rsp), %rbx
	movq	AFTER(6)(%rsp), %rsi
	movq	AFTER(7)(%rsp), %rdi
	movq	AFTER(8)(%rsp), %r8
	movq	AFTER(9)(%rsp), %r9
	movq	AFTER(10)(%rsp), %r10
	movq	AFTER(11)(%rsp), %r11
	movq	AFTER(0)(%rsp), %rax
	each_register say_same
	.cfi_same_value rax
	.endm

	.section .text.acrn_trampoline, "ax", @progbits
	.balign 512			/* within one page: QEMU chains pieces of code only there */
	.globl	acrn_trampoline_return_
	.type	acrn_trampoline_return_, @function
acrn_trampoline_return_:
	.cfi_startproc
	leaq	REGISTERS_GENERAL - REGISTERS_SIZE(%rsp), %rsp
	.cfi_adjust_cfa_offset REGISTERS_SIZE - REGISTERS_GENERAL
	pushfq
	.cfi_adjust_cfa_offset REGISTERS_GENERAL
	movq	%rax, AFTER(0)(%rsp)
	movq	%rdx, AFTER(2)(%rsp)
	.cfi_rel_offset rax, AFTER(0)
	.cfi_rel_offset rdx, AFTER(2)
	xorq	BEFORE(2)(%rsp), %rdx
	shrq	$63, %rax		/* the result's sign */
	orq	%rax, %rdx
	movl	%ecx, %eax
	andl	$CAPTURES, %eax
	orq	%rax, %rdx
	movq	(%rsp), %rax		/* RFLAGS */
	xorq	NOTE(NOTES_BEFORE)(%rsp), %rax
	andq	$~FLAGS_NOT_OURS, %rax
	orq	%rax, %rdx
	each_register compare
	jnz	slowly

	/* acrn_ring_end_(), see acrn_ring_writer.h. RCX is the record, as at the site. */
	movq	BEFORE(2)(%rsp), %rax	/* the word */
	leaq	CALLED_TO_RETURNING(%rax), %rdx
	lock cmpxchgq %rdx, (%rcx)
	jnz	slowly			/* lapped */
	rdtsc
	shlq	$32, %rdx
	orq	%rdx, %rax
	movq	%rax, RECORD_TSC_RETURN(%rcx)
	movq	AFTER(0)(%rsp), %rax
	movq	%rax, RECORD_RESULT(%rcx)
	movq	BEFORE(2)(%rsp), %rdx
	leaq	CALLED_TO_RETURNED(%rdx), %rdx
	movq	%rdx, (%rcx)
	leaq	-CALLED_TO_RETURNED(%rdx), %rdx
	.cfi_remember_state
	.cfi_same_value rdx
	.cfi_same_value rax
	cmpq	%rsp, %rsp		/* the flags are as they were before VMCALL */
	leaq	REGISTERS_SIZE(%rsp), %rsp
	.cfi_def_cfa_offset 8
	ret

slowly:
	.cfi_restore_state
	.cfi_def_cfa_offset REGISTERS_SIZE + 8	/* clang's assembler has forgotten it */
	movq	AFTER(0)(%rsp), %rax
	movq	AFTER(2)(%rsp), %rdx
	each_register save, REGISTERS_GENERAL
	each_register say_saved
	leaq	NOTE(0)(%rsp), %rdi
	movq	%rsp, %rsi
	movq	REGISTERS_SIZE(%rsp), %rdx
	movq	%rsp, %rbx
	.cfi_def_cfa_register rbx
	andq	$-16, %rsp
	cld				/* as C wants it */
	call	acrn_trampoline_end_
	movq	%rbx, %rsp
	.cfi_def_cfa_register rsp
	testl	%eax, %eax
	jnz	other_flags

	/* POPFQ is slow: OF by an addition that overflows if bit 11 is set, SAHF for the others. */
	movzbl	1(%rsp), %eax
	andb	$8, %al
	addb	$0x78, %al
	movb	(%rsp), %ah
	sahf
	.cfi_remember_state
	reload_registers
	leaq	REGISTERS_SIZE(%rsp), %rsp
	.cfi_def_cfa_offset 8
	ret

other_flags:
	.cfi_restore_state
	.cfi_def_cfa_offset REGISTERS_SIZE + 8
	reload_registers
	popfq
	.cfi_adjust_cfa_offset -REGISTERS_GENERAL
	leaq	REGISTERS_SIZE - REGISTERS_GENERAL(%rsp), %rsp
	.cfi_def_cfa_offset 8
	ret
	.cfi_endproc
	.size	acrn_trampoline_return_, . - acrn_trampoline_return_

	.section .note.GNU-stack, "", @progbits
