/* SPDX-License-Identifier: BSD-3-Clause */
#include "acrn_asm.h"
#include "probe.h"

#define BEFORE(n) %gs:(CPU_SCRATCH + PROBE_BEFORE + 8 * (n))
#define AFTER(n)  %gs:(CPU_SCRATCH + PROBE_AFTER + 8 * (n))
#define SAVED(n)  %gs:(CPU_SCRATCH + PROBE_SAVED + 8 * (n))
#define FLAGS_BEFORE %gs:(CPU_SCRATCH + PROBE_FLAGS_BEFORE)
#define FLAGS_AFTER  %gs:(CPU_SCRATCH + PROBE_FLAGS_AFTER)

	.text
	.globl	probe_call
	.type	probe_call, @function
probe_call:
	movq	%rbx, SAVED(0)
	movq	%rbp, SAVED(1)
	movq	%r12, SAVED(2)
	movq	%r13, SAVED(3)
	movq	%r14, SAVED(4)
	movq	%r15, SAVED(5)
	movq	%rsp, SAVED(6)
	pushfq
	popq	FLAGS_BEFORE
	movq	BEFORE(0), %rax
	movq	BEFORE(1), %rcx
	movq	BEFORE(2), %rdx
	movq	BEFORE(3), %rbx
	movq	%rsp, BEFORE(4)
	movq	BEFORE(5), %rbp
	movq	BEFORE(6), %rsi
	movq	BEFORE(7), %rdi
	movq	BEFORE(8), %r8
	movq	BEFORE(9), %r9
	movq	BEFORE(10), %r10
	movq	BEFORE(11), %r11
	movq	BEFORE(12), %r12
	movq	BEFORE(13), %r13
	movq	BEFORE(14), %r14
	movq	BEFORE(15), %r15
	ACRN_VMCALL
	movq	%rax, AFTER(0)		/* MOV alone: the flags are still the call's */
	movq	%rcx, AFTER(1)
	movq	%rdx, AFTER(2)
	movq	%rbx, AFTER(3)
	movq	%rsp, AFTER(4)
	movq	%rbp, AFTER(5)
	movq	%rsi, AFTER(6)
	movq	%rdi, AFTER(7)
	movq	%r8, AFTER(8)
	movq	%r9, AFTER(9)
	movq	%r10, AFTER(10)
	movq	%r11, AFTER(11)
	movq	%r12, AFTER(12)
	movq	%r13, AFTER(13)
	movq	%r14, AFTER(14)
	movq	%r15, AFTER(15)
	movq	SAVED(6), %rsp
	pushfq
	popq	FLAGS_AFTER
	cld
	movq	SAVED(0), %rbx
	movq	SAVED(1), %rbp
	movq	SAVED(2), %r12
	movq	SAVED(3), %r13
	movq	SAVED(4), %r14
	movq	SAVED(5), %r15
	ret
	.size	probe_call, . - probe_call

	.section .note.GNU-stack, "", @progbits
