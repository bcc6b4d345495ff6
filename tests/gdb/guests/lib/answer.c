/* SPDX-License-Identifier: BSD-3-Clause */
#include "answer.h"
#include "percpu.h"
#include "x86.h"

#define VMCALL_SIZE 3

static uint64_t calls_answered;

/* A call within a call is an exception within one: its frame has to go below this one's. */
static bool hook(struct trap_frame *frame)
{
	struct tss *tss = &this_cpu()->tss;
	bool answer;

	tss->ist[0] -= NESTED_STACK_BELOW;
	answer = while_in_flight(frame);
	tss->ist[0] += NESTED_STACK_BELOW;
	return answer;
}

static int answer_vmcall(struct trap_frame *frame)
{
	if (hook(frame)) {
		frame->rax = __atomic_fetch_add(&calls_answered, 1, __ATOMIC_RELAXED);
		frame->rip += VMCALL_SIZE;
	}
	return 0;
}

bool acrn_emulate(void)
{
	traps_set_handler(VECTOR_UD, answer_vmcall);
	return true;
}
