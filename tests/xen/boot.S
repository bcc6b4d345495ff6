/* SPDX-License-Identifier: BSD-3-Clause */
/* From the PVH entry (32-bit, paging off) to C in the high half, where pages are the user's too. */

#define PHYS32_ENTRY 18 /* Xen's elfnote.h */
#define PRESENT	     7
#define LARGE	     0x80

	.section .note.Xen, "a", @note
	.balign 4
	.long	4, 8, PHYS32_ENTRY
	.asciz	"Xen"
	.quad	pvh_entry

	.section .boot, "awx"
	.balign 4096
pml4:
	.quad	pointers + PRESENT
	.fill	510, 8, 0
	.quad	pointers + PRESENT
pointers:
	.quad	directory + PRESENT
	.fill	509, 8, 0
	.quad	directory + PRESENT, 0
directory:
	.set	index, 0
	.rept	512
	.quad	index * 0x200000 + PRESENT + LARGE
	.set	index, index + 1
	.endr

gdt:	.quad	0, 0x00af9b000000ffff, 0x00cf93000000ffff	/* code 8, data 0x10 */
gdt_end:
gdt_pointer:
	.word	gdt_end - gdt - 1
	.quad	gdt

	.code32
pvh_entry:
	lgdt	gdt_pointer
	movl	$0x220, %eax		/* CR4: OSFXSR, PAE */
	movl	%eax, %cr4
	movl	$pml4, %eax
	movl	%eax, %cr3
	movl	$0xc0000080, %ecx	/* EFER: LME */
	rdmsr
	orl	$0x100, %eax
	wrmsr
	movl	$0x80010033, %eax	/* CR0: PG, WP, NE, ET, MP, PE */
	movl	%eax, %cr0
	ljmp	$8, $in_long_mode

	.code64
in_long_mode:
	movl	$0x10, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %ss
	movq	$stack_end, %rsp
	movl	%ebx, %edi		/* struct hvm_start_info */
	movabsq	$guest_main, %rax
	call	*%rax
	ud2

	.bss
	.balign 16
	.fill	0x8000
stack_end:
	.section .note.GNU-stack, "", @progbits
