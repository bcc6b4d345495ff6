/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One site whose bytes change: between calls, and while a call is in flight, as KVM makes a VMCALL
 * a VMMCALL where it is first run. UD2 and NOPs there are no hypercalls.
 */
#include "lib/answer.h"

#define SITE_SIZE 3
#define UNTOUCHED (-77l)

enum code { VMCALL, VMMCALL, UD2, NOPS };

static const uint8_t codes[][SITE_SIZE] = {
	[VMCALL] = {0x0f, 0x01, 0xc1},
	[VMMCALL] = {0x0f, 0x01, 0xd9},
	[UD2] = {0x0f, 0x0b, 0x90},
	[NOPS] = {0x90, 0x90, 0x90},
};

/* What is at the site when it is run, and what it is made by whoever answers. */
static const struct step {
	enum code before, after;
} steps[] = {
	{VMCALL, VMCALL}, {VMMCALL, VMMCALL}, {UD2, UD2},   {VMCALL, VMMCALL},
	{NOPS, NOPS},	  {VMCALL, NOPS},     {NOPS, NOPS}, {VMCALL, VMCALL},
};

static const struct step *step;

static void patch(enum code code)
{
	volatile uint8_t *site = (uint8_t *)((uint64_t)past_the_call - SITE_SIZE);

	for (unsigned i = 0; i < SITE_SIZE; i++)
		site[i] = codes[code][i];
}

bool while_in_flight(struct trap_frame *frame)
{
	(void)frame;
	patch(step->after);
	return true;
}

static long run_site(uint64_t arg1)
{
	long rax = UNTOUCHED;
	uint64_t nr = ACRN_NR_pause_vm, arg2 = 0;

	__asm__ volatile("call call_once"
			 : "+a"(rax), "+D"(nr), "+S"(arg1), "+d"(arg2)
			 :
			 : "rcx", "r8", "r9", "r10", "r11", "cc", "memory");
	return rax;
}

int guest_main(void)
{
	for (unsigned i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		step = &steps[i];
		patch(step->before);
		print("patched: %u = %ld\n", i, run_site(i));
	}
	return 0;
}
