/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Ends in which VMCALL itself faults, or leaves a register other than it was.
 */
#include "crash.h"
#include "percpu.h"
#include "traps.h"
#include "x86.h"

#define RBX		   (1u << 3)
#define R10		   (1u << 10)
#define USER_CODE	   0x33 /* of user_gdt, with the privilege level 3 */
#define USER_DATA	   0x3b
#define PAGE_TABLE_ADDRESS 0x000ffffffffff000
#define TOP_SHIFT	   39
#define LARGE_PAGE_SHIFT   21

static struct hc_api_version version;

static __attribute__((noinline)) void ask_version(void)
{
	acrn_call(get_api_version, &version);
}

void call_without_hypervisor(void)
{
	ask_version();
}

#ifdef ACRN_RING
static int skip_call(struct trap_frame *frame)
{
	return !acrn_fault_at(&frame->rip, &frame->rax);
}
#endif

void fault_is_skipped(void)
{
#ifdef ACRN_RING
	traps_set_handler(VECTOR_UD, skip_call);
#endif
	ask_version();
	ask_version();
	panic("no hypervisor");
}

/* Pages of the image are the kernel's own until here. */
static void open_to_user(uint64_t address)
{
	uint64_t *table = (uint64_t *)read_cr3();

	for (unsigned shift = TOP_SHIFT;; shift -= 9) {
		uint64_t *entry = &table[address >> shift & 511];

		*entry |= PAGE_USER;
		if (shift == LARGE_PAGE_SHIFT)
			break;
		table = (uint64_t *)(*entry & PAGE_TABLE_ADDRESS);
	}
	__asm__ volatile("mov %0, %%cr3" : : "r"(read_cr3()) : "memory");
}

static void load_user_segments(void)
{
	static uint64_t user_gdt[8];
	struct {
		uint16_t limit;
		uint64_t base;
	} __attribute__((packed)) pointer = {sizeof(user_gdt) - 1, (uint64_t)user_gdt};

	for (unsigned n = 0; n < 6; n++)
		user_gdt[n] = this_cpu()->gdt[n];
	user_gdt[6] = 0x00affb000000ffff;
	user_gdt[7] = 0x00cff3000000ffff;
	__asm__ volatile("lgdt %0" : : "m"(pointer));
}

static _Noreturn void user_code(void)
{
	ask_version();
	for (;;)
		pause();
}

void call_from_ring_3(void)
{
	static char stack[4096] __attribute__((aligned(16)));

	make_some_calls();
	open_to_user((uint64_t)stack);
	load_user_segments();
	__asm__ volatile("pushq %0\n\t"
			 "pushq %1\n\t"
			 "pushq %2\n\t"
			 "pushq %3\n\t"
			 "pushq %4\n\t"
			 "iretq"
			 :
			 : "i"(USER_DATA), "r"(stack + sizeof(stack) - 8), "i"(RFLAGS_FIXED),
			   "i"(USER_CODE), "r"(user_code)
			 : "memory");
	__builtin_unreachable();
}

/* ACRN injects #UD into a VM that may make no calls at all. */
void call_from_user_vm(void)
{
	make_some_calls();
	acrn_call(call_as, ACRN_INVALID_VMID, 0);
	ask_version();
}

static __attribute__((noinline)) uint64_t value_after_call(const uint64_t *values)
{
	register const uint64_t *kept __asm__("rbx") = values;

	__asm__ volatile("" : "+r"(kept));
	acrn_call(get_api_version, &version);
	__asm__ volatile("" : "+r"(kept));
	return kept[1];
}

/* C expects RBX to outlive a call; here it is a pointer. */
void use_lost_register(void)
{
	static const uint64_t values[2] = {1, 2};

	make_some_calls();
	acrn_call(break_registers, RBX, ACRN_NR_get_api_version);
	print("crash: %lu\n", value_after_call(values));
}

void lose_unused_register(void)
{
	make_some_calls();
	acrn_call(break_registers, R10, ACRN_NR_get_api_version);
	ask_version();
	ask_version();
	panic("out of ideas");
}
