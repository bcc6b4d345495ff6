/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Makes a call that no debugger's stand-in can answer exactly: in ring 3 (-append user), where ACRN
 * raises #GP; or behind code that has to do with flags, where #UD has no handler.
 */
#include "guest.h"
#include "lib/no_idt.h"
#include "machine.h"
#include "traps.h"
#include "x86.h"

#define NO_SUCH_CALL "0x80000099"
#define USER_CODE    0x50000ul
#define USER_STACK   (USER_CODE + PAGE_SIZE)
#define USER_DATA_AT 6 /* in the GDT, behind the TSS's two entries */
#define USER_CODE_AT 7
#define RING_3	     3

static uint64_t gdt[8];

struct table_pointer {
	uint16_t limit;
	uint64_t base;
} __attribute__((packed));

static void add_user_segments(void)
{
	struct table_pointer pointer;

	__asm__ volatile("sgdt %0" : "=m"(pointer));
	memcpy(gdt, (void *)pointer.base, pointer.limit + 1u);
	gdt[USER_DATA_AT] = 0x00cff3000000ffff;
	gdt[USER_CODE_AT] = 0x00affb000000ffff;
	pointer = (struct table_pointer){sizeof(gdt) - 1, (uint64_t)gdt};
	__asm__ volatile("lgdt %0" : : "m"(pointer));
}

/* The first 2 MiB are the user's, too. */
static void map_for_user(void)
{
	uint64_t *table = (uint64_t *)read_cr3();

	for (int level = 0; level < 3; level++) {
		table[0] |= PAGE_USER;
		table = (uint64_t *)(table[0] & ~(uint64_t)(PAGE_SIZE - 1));
	}
	__asm__ volatile("mov %0, %%cr3" : : "r"(read_cr3()) : "memory");
}

static int on_invalid_opcode(struct trap_frame *frame)
{
	print("refused: #UD in ring %lu\n", frame->cs & 3);
	machine_power_off();
}

static void call_in_ring_3(void)
{
	static const uint8_t vmcall[] = {0x0f, 0x01, 0xc1};

	traps_set_handler(VECTOR_UD, on_invalid_opcode);
	add_user_segments();
	map_for_user();
	memcpy((void *)USER_CODE, vmcall, sizeof(vmcall));
	__asm__ volatile("movl $" NO_SUCH_CALL ", %%r8d\n\t"
			 "pushq %0\n\tpushq %1\n\tpushq $2\n\tpushq %2\n\tpushq %3\n\tiretq"
			 :
			 : "i"(USER_DATA_AT * 8 | RING_3), "r"(USER_STACK),
			   "i"(USER_CODE_AT * 8 | RING_3), "r"(USER_CODE)
			 : "r8", "memory");
}

int guest_main(void)
{
	uint64_t one = 1;

	if (guest_option("user"))
		call_in_ring_3();
	drop_idt();
	__asm__ volatile("movl $" NO_SUCH_CALL ", %%r8d\n\taddq %0, %0\n\tvmcall"
			 : "+r"(one)
			 :
			 : "rax", "rsi", "rdi", "r8", "memory", "cc");
	return 1;
}
