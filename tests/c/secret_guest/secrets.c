/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Passes a key in each layout that there was, with each size that one may claim, to a hypervisor
 * that is not there; then wipes what it had. Behind a structure that ends early is a neighbour's
 * secret, made of the same bytes, which are nowhere in the image.
 */
#include "acrn_recorder.h"
#include "guest.h"
#include "traps.h"
#include "x86.h"

#define VMCALL_SIZE 3
#define PAGE	    4096

static uint8_t page[PAGE] __attribute__((aligned(PAGE)));
static volatile unsigned first = 7, step = 29; /* known to no compiler */

static int answer(struct trap_frame *frame)
{
	frame->rax = 0;
	frame->rip += VMCALL_SIZE;
	return 0;
}

bool acrn_emulate(void)
{
	traps_set_handler(VECTOR_UD, answer);
	return true;
}

static void put_secret(unsigned from)
{
	for (volatile uint8_t *byte = page + from; byte < page + 200; byte++)
		*byte = 0x80 | (uint8_t)(first + step * (byte - page));
}

__attribute__((noinline)) void called(void)
{
	__asm__ volatile("" : : : "memory");
}

__attribute__((noinline)) void wiped(void)
{
	__asm__ volatile("" : : : "memory");
}

/* The same by the stub, whose ring keeps it, and by hand. */
static void initialize(uint32_t says, unsigned secret_at)
{
	volatile uint32_t *words = (volatile uint32_t *)page;
	long result;

	put_secret(secret_at);
	for (unsigned i = 1; 4 * i < secret_at && i < 8; i++)
		words[i] = i;
	words[0] = says;
	result = acrn_call(initialize_trusty, (struct trusty_boot_param *)page);
	__asm__ volatile("movl $0x80000070, %%r8d\n\tvmcall"
			 : "+a"(result)
			 : "D"(guest_physical(page))
			 : "rsi", "r8", "memory");
	called();
}

static void monitor(uint32_t count)
{
	struct acrn_intr_monitor *it = (void *)page;

	put_secret(8 + 8 * count);
	it->cmd = ACRN_INTR_GET_DATA;
	it->buf_cnt = count;
	for (unsigned i = 0; i < count; i++)
		it->buffer[i] = i + 1;
	acrn_call(vm_intr_monitor, 1, it);
}

int guest_main(void)
{
	static const uint32_t sizes[] = {96, 88, 20, 0, 4, 21, 40, 95, 97, UINT32_MAX};

	monitor(2);
	initialize(96, 32);
	for (unsigned i = 0; i < sizeof(sizes) / sizeof(*sizes); i++)
		initialize(sizes[i], sizes[i] > 20 ? 24 : 20);
	for (volatile uint8_t *byte = page; byte < page + PAGE; byte++)
		*byte = 0;
	wiped();
	acrn_ring_finish();
	print("all calls made\n");
	return 0;
}
