/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * In hypervisor-lies.elf, for tests of tools that look at both ends of a call: a start_vm arrives with
 * another VM than the guest asked for. It runs after every exit, with the guest's general registers but
 * RAX and RSP still loaded, before anything else has seen them.
 */
#define NR_start_vm 0x80000012

	.text
	.globl	after_exit
	.type	after_exit, @function
after_exit:
	pushq	%rax
	movl	$NR_start_vm, %eax
	cmpq	%rax, %r8
	jne	1f
	xorq	$8, %rdi
1:	popq	%rax
	ret
	.size	after_exit, . - after_exit

	.section .note.GNU-stack, "", @progbits
