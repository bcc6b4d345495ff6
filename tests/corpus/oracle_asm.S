/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * enter() and the functions that a case may call: they keep to the calling convention, to its letter.
 */
#define POISON 0x5a5a5a5a5a5a5a5a

	.macro poison registers:vararg
	.irp register, \registers
	movabs $POISON, %\register
	.endr
	.endm

	.macro function name:vararg
	.irp one, \name
	.globl \one
	.type \one, @function
\one:
	.endr
	.endm

	.text

/* long enter(args, subject): subject(args…), every other register poisoned before. */
	function enter
	.irp register, rbx, rbp, r12, r13, r14, r15
	push %\register
	.endr
	push %rsi
	mov 8(%rdi), %rsi
	mov 16(%rdi), %rdx
	mov 24(%rdi), %rcx
	mov 32(%rdi), %r8
	mov (%rdi), %rdi
	poison rax, rbx, rbp, r9, r10, r11, r12, r13, r14, r15
	call *(%rsp)
	movq $0, kept_wrong(%rip)
	movabs $POISON, %rcx
	.irp register, rbx, rbp, r12, r13, r14, r15
	cmp %rcx, %\register
	je 1f
	incq kept_wrong(%rip)
1:
	.endr
	add $8, %rsp
	.irp register, r15, r14, r13, r12, rbp, rbx
	pop %\register
	.endr
	ret
	.size enter, . - enter

/* Whatever is called leaves nothing that it need not leave. */
	function compute
	lea 1(%rdi), %rax
	poison rcx, rdx, rsi, rdi, r8, r9, r10, r11
	ret
	.size compute, . - compute

	function log_line, log_cold
	poison rax, rcx, rdx, rsi, rdi, r8, r9, r10, r11
	ret
	.size log_line, . - log_line

	function __cyg_profile_func_enter, __cyg_profile_func_exit
	poison rax, rcx, rdx, rsi, rdi, r8, r9, r10, r11
	ret
	.size __cyg_profile_func_enter, . - __cyg_profile_func_enter

/* The sanitizer's, under each name that gcc and clang call. */
	.irp access, load, store
	.irp size, 1, 2, 4, 8, 16, N, 1_noabort, 2_noabort, 4_noabort, 8_noabort, 16_noabort, N_noabort
	function __asan_\access\size
	.endr
	.endr
	function __asan_handle_no_return
	poison rax, rcx, rdx, rsi, rdi, r8, r9, r10, r11
	ret
	.size __asan_load1, . - __asan_load1

	.irp work, memset, memcpy, memmove
	function __asan_\work
	sub $8, %rsp
	call \work
	add $8, %rsp
	poison rcx, rdx, rsi, rdi, r8, r9, r10, r11
	ret
	.size __asan_\work, . - __asan_\work
	.endr

	function __stack_chk_fail
	ud2
	.size __stack_chk_fail, . - __stack_chk_fail

/* The profiler's keep whatever may be an argument. */
	function mcount, _mcount, __fentry__
	poison r10, r11
	ret
	.size mcount, . - mcount

	.bss
	.globl kept_wrong
	.balign 8
kept_wrong:
	.skip 8

	.section .note.GNU-stack, "", @progbits
