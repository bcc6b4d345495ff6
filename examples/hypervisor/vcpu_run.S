/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * VMRUN switches RAX, RSP, RIP, RFLAGS and some of the segment state (C copies the first two between the
 * VMCB and gprs); VMLOAD and VMSAVE do FS, GS, TR, LDTR and the SYSCALL registers; the rest is here.
 */
#include "asm-offsets.h"

#define GPR(number) (VCPU_GPRS + 8 * (number))(%rdi)

	.text
	.globl	vcpu_run
vcpu_run:				/* RDI: struct vcpu; GIF is 0 */
	pushq	%rbx
	pushq	%rbp
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
	pushq	%rdi
	movq	VCPU_HOST_PHYSICAL(%rdi), %rax
	vmsave	%rax
	movq	VCPU_VMCB_PHYSICAL(%rdi), %rax
	vmload	%rax
	movq	GPR(1), %rcx
	movq	GPR(2), %rdx
	movq	GPR(3), %rbx
	movq	GPR(5), %rbp
	movq	GPR(6), %rsi
	movq	GPR(8), %r8
	movq	GPR(9), %r9
	movq	GPR(10), %r10
	movq	GPR(11), %r11
	movq	GPR(12), %r12
	movq	GPR(13), %r13
	movq	GPR(14), %r14
	movq	GPR(15), %r15
	movq	GPR(7), %rdi
	vmrun	%rax			/* GIF is 1 until the guest exits */
	call	after_exit		/* still with the guest's registers */
	vmsave	%rax
	xchgq	%rdi, (%rsp)
	movq	%rcx, GPR(1)
	movq	%rdx, GPR(2)
	movq	%rbx, GPR(3)
	movq	%rbp, GPR(5)
	movq	%rsi, GPR(6)
	popq	GPR(7)
	movq	%r8, GPR(8)
	movq	%r9, GPR(9)
	movq	%r10, GPR(10)
	movq	%r11, GPR(11)
	movq	%r12, GPR(12)
	movq	%r13, GPR(13)
	movq	%r14, GPR(14)
	movq	%r15, GPR(15)
	movq	VCPU_HOST_PHYSICAL(%rdi), %rax
	vmload	%rax
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%rbp
	popq	%rbx
	ret

	.weak	after_exit		/* hypervisor-coincide.elf has another (coincide.S) */
after_exit:
	ret

	.section .note.GNU-stack, "", @progbits
