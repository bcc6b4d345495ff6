/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A guest that takes a hypervisor for granted, and what its first call comes to where none is: by
 * QEMU's -append no-idt, exits, halts or moves-on; svm is no-idt on a processor on which SVM is
 * enabled, as it is below a hypervisor. Or something else goes wrong: dies-after, dies-before,
 * no-call. Without a word its own handler of #UD answers.
 */
#include "lib/answer.h"
#include "lib/no_idt.h"
#include "acrn_types.h"
#include "machine.h"
#include "x86.h"

#define GET_API_VERSION 0x80000000ul

static __attribute__((naked)) void elsewhere(void)
{
	__asm__("ret");
}

bool while_in_flight(struct trap_frame *frame)
{
	bool exits = guest_option("exits"), halts = guest_option("halts");

	if (guest_option("moves-on")) {
		frame->rip = (uint64_t)elsewhere;
		return false;
	}
	if (exits || halts)
		print("unanswered: invalid opcode\n");
	if (exits)
		machine_fail();
	while (halts)
		wait_for_interrupt();
	return true;
}

int guest_main(void)
{
	static struct hc_api_version version;

	if (guest_option("no-call"))
		return 0;
	if (guest_option("dies-before"))
		triple_fault();
	if (guest_option("svm"))
		wrmsr(MSR_EFER, rdmsr(MSR_EFER) | EFER_SVME);
	if (guest_option("no-idt") || guest_option("svm"))
		drop_idt();
	call_once(GET_API_VERSION, guest_physical(&version), 0);
	if (guest_option("dies-after"))
		triple_fault();
	print("unanswered: done\n");
	return 0;
}
