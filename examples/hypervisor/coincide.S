/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * In hypervisor-coincide.elf, which is linked at the guests' virtual address: one-byte instructions at
 * each virtual address of a guest's text. They run after every exit, with the guest's general registers
 * but RAX and RSP still loaded, so that at a site the hypervisor looks as much like the guest as it can.
 */
#define GUEST_TEXT_SIZE 0x8000		/* image.ld keeps a guest's .text smaller */

	.section .text.first, "ax"
	.globl	after_exit
	.type	after_exit, @function
after_exit:
	.fill	GUEST_TEXT_SIZE, 1, 0x90
	ret
	.size	after_exit, . - after_exit

	.section .note.GNU-stack, "", @progbits
