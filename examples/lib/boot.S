/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From the PVH entry (32-bit, paging off, EBX = start_info) to C in the high half. The second CPU
 * comes the same way from second_cpu_entry32, or before that from the real-mode code at the end.
 *
 * Source: Xen's docs/misc/pvh.pandoc; the note is the one that QEMU's -kernel looks for.
 */
#include "x86.h"
#include "percpu.h"

#define NOTE_PHYS32_ENTRY 18

	.section .note.Xen, "a", @note
	.balign 4
	.long	4, 8, NOTE_PHYS32_ENTRY
	.asciz	"Xen"
	.quad	pvh_entry

	.section .boot.tables, "aw"
	.balign PAGE_SIZE
boot_pml4:
	.quad	low_pointers + PAGE_PRESENT + PAGE_WRITABLE
	.fill	510, 8, 0
	.quad	high_pointers + PAGE_PRESENT + PAGE_WRITABLE

low_pointers:				/* the low 4 GiB, virtual = physical */
	.set	index, 0
	.rept	4
	.quad	low_directories + index * PAGE_SIZE + PAGE_PRESENT + PAGE_WRITABLE
	.set	index, index + 1
	.endr
	.fill	508, 8, 0

high_pointers:
	.fill	510, 8, 0
	.quad	window_in_slot_510, window_in_slot_511

low_directories:
	.set	index, 0
	.rept	4 * 512
	.quad	index * LARGE_PAGE_SIZE + PAGE_PRESENT + PAGE_WRITABLE + PAGE_LARGE
	.set	index, index + 1
	.endr

	.globl	window_directory
window_directory:
	.set	index, 0
	.rept	512
	.quad	window_first_entry + index * LARGE_PAGE_SIZE
	.set	index, index + 1
	.endr

	.section .boot.data, "aw"
	.balign 8
boot_gdt:
	.quad	0
	.quad	0x00af9b000000ffff	/* SELECTOR_CODE64 */
	.quad	0x00cf93000000ffff	/* SELECTOR_DATA */
	.quad	0x00cf9b000000ffff	/* SELECTOR_CODE32 */
boot_gdt_end:
boot_gdt_pointer:
	.word	boot_gdt_end - boot_gdt - 1
	.long	boot_gdt

	.section .boot.text, "ax"
	.code32
	.globl	pvh_entry
pvh_entry:
	xorl	%esi, %esi
	jmp	enter_long_mode

	.globl	second_cpu_entry32
second_cpu_entry32:
	movl	$1, %esi

enter_long_mode:			/* ESI: number of this CPU */
	cld
	lgdt	boot_gdt_pointer
	movl	$CR4_PAE, %eax
	movl	%eax, %cr4
	movl	$boot_pml4, %eax
	movl	%eax, %cr3
	movl	$MSR_EFER, %ecx
	rdmsr				/* not from scratch: a hypervisor needs SVME to stay */
	orl	$EFER_LME, %eax
	wrmsr
	movl	$(CR0_PG | CR0_WP | CR0_ET | CR0_PE), %eax
	movl	%eax, %cr0
	ljmp	$SELECTOR_CODE64, $in_long_mode

	.code64
in_long_mode:
	movl	$SELECTOR_DATA, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %ss
	xorl	%eax, %eax
	movl	%eax, %fs
	movl	%eax, %gs
	movabsq	$high_half, %rax
	jmp	*%rax

	.text
high_half:
	leal	1(%esi), %eax
	imull	$CPU_STACK_SIZE, %eax
	leaq	cpu_stacks(%rax), %rsp
	xorl	%ebp, %ebp
	movl	%ebx, %edi
	testl	%esi, %esi
	jnz	1f
	call	image_start
1:	call	second_cpu_start
	ud2				/* neither of the two returns */

/* Copied to SIPI_PAGE; position-independent, since it runs at an address it was not linked for. */
	.section .rodata
	.globl	sipi_code, sipi_code_end
	.code16
sipi_code:
	cli
	movw	%cs, %ax
	movw	%ax, %ds
	lgdtl	sipi_gdt_pointer - sipi_code
	movl	$(CR0_ET | CR0_PE), %eax
	movl	%eax, %cr0
	ljmpl	$SELECTOR_CODE32, $sipi_protected
	.balign 4
sipi_gdt_pointer:
	.word	boot_gdt_end - boot_gdt - 1
	.long	boot_gdt
sipi_code_end:

	.section .boot.text, "ax"
	.code32
sipi_protected:
	movl	$SELECTOR_DATA, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %ss
	jmp	second_cpu_entry32

	.section .note.GNU-stack, "", @progbits
