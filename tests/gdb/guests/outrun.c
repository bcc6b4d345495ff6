/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A guest whose interrupts make calls as well and come as fast as they are handled, as a timer's do
 * once a traced call takes longer than a tick: the call of the process, with which they begin, is
 * not back before the last of them.
 */
#include "apic.h"
#include "guest.h"
#include "traps.h"
#include "x86.h"

#define INTERRUPTS 150

/* To the calling CPU: Intel SDM volume 3, 11.6.1, a shorthand in ICR. */
static void interrupt_self(void)
{
	volatile uint32_t *icr = (volatile uint32_t *)0xfee00300;

	*icr = 1u << 18 | 1u << 14 | VECTOR_TIMER;
}

static int on_interrupt(struct trap_frame *frame)
{
	static struct hc_api_version version;
	static unsigned interrupts;

	(void)frame;
	if (++interrupts < INTERRUPTS)
		interrupt_self();
	acrn_call(get_api_version, &version);
	apic_end_of_interrupt();
	return 0;
}

/* STI holds interrupts off for one instruction more: the first comes right behind the call. */
static long unmask_and_call(struct hc_api_version *version)
{
	uint64_t physical = guest_physical(version);
	register uint64_t r8 __asm__("r8") = ACRN_NR_get_api_version;
	long ret;

	__asm__ volatile("sti\n\tvmcall" : "=a"(ret) : "r"(r8), "D"(physical) : "memory");
	return ret;
}

int guest_main(void)
{
	struct hc_api_version version = {0};

	apic_init();
	traps_set_handler(VECTOR_TIMER, on_interrupt);
	interrupt_self();
	print("outrun: %ld\n", unmask_and_call(&version));
	return 0;
}
