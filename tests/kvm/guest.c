/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Makes KVM's hypercalls from two vCPUs, and prints each as it was made and what came back.
 *
 *   kvm VCPU NUMBER ARGUMENT ARGUMENT ARGUMENT ARGUMENT = RESULT
 *
 * The words of the command line: "calls=N" rounds of the plain calls on each vCPU (1 otherwise),
 * "user" makes some from CPL 3 at the end, "stay" never ends.
 */
#include <stdint.h>

#include "machine.h"

enum {
	VAPIC_POLL_IRQ = 1,
	MMU_OP = 2,
	KICK_CPU = 5,
	CLOCK_PAIRING = 9,
	SEND_IPI = 10,
	SCHED_YIELD = 11,
	MAP_GPA_RANGE = 12,
	NO_CALL = 99
};

static struct call_log logs[VCPUS];

/* Inlined, so that each call has a site of its own. */
#define CALL(instruction, vcpu, number, a, b, c, d)                                                \
	do {                                                                                       \
		uint64_t result, argument[4] = {(a), (b), (c), (d)};                               \
		__asm__ volatile(instruction                                                       \
				 : "=a"(result)                                                    \
				 : "a"((uint64_t)(number)), "b"(argument[0]), "c"(argument[1]),    \
				   "d"(argument[2]), "S"(argument[3])                              \
				 : "memory");                                                      \
		log_call(&logs[vcpu], "kvm", vcpu, number, argument, 4, result);                   \
	} while (0)

static __attribute__((noinline)) void poll_irq(unsigned vcpu)
{
	CALL("vmmcall", vcpu, VAPIC_POLL_IRQ, 0, 0, 0, 0);
}

static __attribute__((noinline)) void kick(unsigned vcpu, uint64_t apic)
{
	CALL("vmmcall", vcpu, KICK_CPU, 0, apic, 0, 0);
}

static __attribute__((noinline)) void pair_clock(unsigned vcpu)
{
	static uint64_t clock[VCPUS][8] __attribute__((aligned(64)));

	CALL("vmmcall", vcpu, CLOCK_PAIRING, physical(clock[vcpu]), 0, 0, 0);
	put_text(&logs[vcpu], "clock");
	for (int i = 0; i < 3; i++)
		put_hex(&logs[vcpu], clock[vcpu][i]);
	put(&logs[vcpu], '\n');
}

static __attribute__((noinline)) void pair_no_clock(unsigned vcpu)
{
	CALL("vmmcall", vcpu, CLOCK_PAIRING, 0x40000000, 0, 0, 0); /* where it has no memory */
}

static __attribute__((noinline)) void send_ipi(unsigned vcpu)
{
	CALL("vmmcall", vcpu, SEND_IPI, 1u << !vcpu, 0, 0, 0x31);
}

static __attribute__((noinline)) void yield_to(unsigned vcpu)
{
	CALL("vmmcall", vcpu, SCHED_YIELD, !vcpu, 0, 0, 0);
}

static __attribute__((noinline)) void share_page(unsigned vcpu)
{
	CALL("vmmcall", vcpu, MAP_GPA_RANGE, RAM_AT, 1, 0x10, 0);
}

static __attribute__((noinline)) void refused(unsigned vcpu)
{
	CALL("vmmcall", vcpu, MMU_OP, 1, 2, 3, 4);
	CALL("vmmcall", vcpu, NO_CALL, 1, 2, 3, 4);
}

/* Intel's instruction, which KVM on AMD's processors rewrites to theirs. */
static __attribute__((noinline)) void rewritten(unsigned vcpu)
{
	CALL("vmcall", vcpu, VAPIC_POLL_IRQ, 0, 0, 0, 0);
}

static void make_calls(unsigned vcpu)
{
	poll_irq(vcpu);
	kick(vcpu, !vcpu);
	send_ipi(vcpu);
	yield_to(vcpu);
}

static void end(void)
{
	print_log(&logs[0]);
	end_guest();
}

static void user_main(void)
{
	CALL("vmmcall", 0, KICK_CPU, 0, 1, 0, 0);
	CALL("vmmcall", 0, NO_CALL, 0, 0, 0, 0);
	end();
	for (;;)
		;
}

static void enter_user(void)
{
	static const uint64_t gdt[] = {0, 0x00af9b000000ffff, 0x00cf93000000ffff,
				       0x00cff3000000ffff, 0x00affb000000ffff};
	static uint8_t stack[0x4000] __attribute__((aligned(16)));
	struct {
		uint16_t limit;
		uint64_t base;
	} __attribute__((packed)) table = {sizeof(gdt) - 1, (uint64_t)gdt};

	/* SS, RSP, RFLAGS with IOPL 3, CS, RIP */
	__asm__ volatile("lgdt %0\n\t"
			 "pushq $0x1b\n\tpushq %1\n\tpushq $0x3002\n\tpushq $0x23\n\tpushq %2\n\t"
			 "iretq"
			 :
			 : "m"(table), "r"(stack + sizeof(stack) - 8), "r"(user_main)
			 : "memory");
}

static void work(unsigned vcpu, uint64_t rounds)
{
	for (uint64_t i = 0; i < rounds; i++)
		make_calls(vcpu);
	if (vcpu == 0) {
		pair_clock(vcpu);
		pair_no_clock(vcpu);
		share_page(vcpu);
		refused(vcpu);
		for (int i = 0; i < 2; i++)
			rewritten(vcpu);
	}
}

__attribute__((used)) void guest_start(uint64_t vcpu, const char *line)
{
	uint64_t rounds = option(line, "calls");

	work((unsigned)vcpu, rounds ? rounds : 1);
	print_when_done((unsigned)vcpu, logs);
	if (option(line, "stay"))
		halt();
	if (option(line, "user"))
		enter_user();
	end();
}
