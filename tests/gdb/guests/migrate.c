/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A thread whose calls begin on one vCPU and come back on the other: the handler hands its frame
 * over and waits for the next one.
 */
#include "lib/answer.h"
#include "machine.h"
#include "percpu.h"
#include "second_cpu.h"
#include "x86.h"

#define CALLS 4

static struct trap_frame frames[MAX_CPUS];
static bool handed_over[MAX_CPUS];

/* Goes on as `frame` says, on the calling vCPU: the reverse of trap_entries.S. */
static _Noreturn __attribute__((naked, noinline)) void resume(const struct trap_frame *frame)
{
	(void)frame;
	__asm__("mov %rdi, %rsp\n\t"
		"pop %rax; pop %rcx; pop %rdx; pop %rbx; add $8, %rsp\n\t"
		"pop %rbp; pop %rsi; pop %rdi\n\t"
		"pop %r8; pop %r9; pop %r10; pop %r11; pop %r12; pop %r13; pop %r14; pop %r15\n\t"
		"add $16, %rsp; iretq");
}

static _Noreturn void take_over(void)
{
	unsigned vcpu = this_cpu()->number;

	while (!__atomic_load_n(&handed_over[vcpu], __ATOMIC_ACQUIRE))
		pause();
	handed_over[vcpu] = false;
	resume(&frames[vcpu]);
}

bool while_in_flight(struct trap_frame *frame)
{
	unsigned other = !this_cpu()->number;

	/* This handler never returns: undo what its caller did. */
	this_cpu()->tss.ist[0] += NESTED_STACK_BELOW;
	frames[other] = *frame;
	frames[other].rax = frame->rdi;
	frames[other].rip += 3;
	__atomic_store_n(&handed_over[other], true, __ATOMIC_RELEASE);
	take_over();
}

int guest_main(void)
{
	second_cpu_run(take_over);
	for (unsigned i = 0; i < CALLS; i++) {
		long ret = call_once(NR, i, 0);

		print("migrate: %ld on vCPU %lu\n", ret, this_cpu()->number);
	}
	return 0;
}
