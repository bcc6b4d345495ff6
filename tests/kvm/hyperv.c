/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Makes Hyper-V's hypercalls through the page that KVM fills, and prints each and its status.
 *
 *   hyperv VCPU CONTROL RDX R8 = RESULT
 *
 * The words of the command line: "calls=N" rounds on each vCPU (1 otherwise), "move" has the first
 * vCPU go on with another page, and then with none, "stay" never ends.
 */
#include <stdint.h>

#include "machine.h"

/* Hyper-V's specification (TLFS), as Linux's hyperv-tlfs.h has it. */
enum {
	FLUSH_SPACE = 2,
	FLUSH_LIST = 3,
	SPIN_WAIT = 8,
	SEND_IPI = 0xb,
	POST_MESSAGE = 0x5c,
	SIGNAL_EVENT = 0x5d,
	NO_CALL = 0x77
};
#define FAST	      (1ull << 16)
#define REPS(count)   ((uint64_t)(count) << 32)
#define MSR_GUEST_ID  0x40000000
#define MSR_HYPERCALL 0x40000001
#define FLUSH_ALL     3ull /* every processor, every address space */

static struct call_log logs[VCPUS];
static char pages[2][4096] __attribute__((aligned(4096)));
static char *volatile page = pages[0];
static volatile uint32_t is_filled;

struct flush_input {
	uint64_t space, flags, processors, list[2];
};

static void write_msr(uint32_t number, uint64_t value)
{
	__asm__ volatile("wrmsr"
			 :
			 : "c"(number), "a"((uint32_t)value), "d"(value >> 32)
			 : "memory");
}

/* Inlined, so that each call has a caller of its own. */
static inline __attribute__((always_inline)) void call(unsigned vcpu, uint64_t control,
						       uint64_t input, uint64_t output)
{
	uint64_t result, rcx = control, rdx = input, argument[2] = {input, output};
	register uint64_t r8 __asm__("r8") = output;

	__asm__ volatile("call *%[page]"
			 : "=a"(result), "+c"(rcx), "+d"(rdx), "+r"(r8)
			 : [page] "r"(page)
			 : "r9", "r10", "r11", "memory");
	log_call(&logs[vcpu], "hyperv", vcpu, control, argument, 2, result);
}

static __attribute__((noinline)) void wait_for_lock(unsigned vcpu)
{
	call(vcpu, SPIN_WAIT | FAST, 1000, 0);
}

static __attribute__((noinline)) void flush(unsigned vcpu)
{
	static struct flush_input inputs[VCPUS] __attribute__((aligned(64)));
	struct flush_input *input = &inputs[vcpu];

	*input = (struct flush_input){0, FLUSH_ALL, 1, {0x1000, 0x2000}};
	call(vcpu, FLUSH_SPACE, physical(input), 0);
	call(vcpu, FLUSH_LIST | REPS(2), physical(input), 0);
	call(vcpu, FLUSH_SPACE, physical(input) + 1, 0); /* not aligned: KVM does not mind */
}

static __attribute__((noinline)) void send_ipi(unsigned vcpu)
{
	call(vcpu, SEND_IPI | FAST, 0x31, 1u << !vcpu);
}

static __attribute__((noinline)) void refused(unsigned vcpu)
{
	call(vcpu, NO_CALL, 1, 2);
	call(vcpu, SIGNAL_EVENT | FAST, 1, 0);
}

/* By the second page; and at the first again, which is Hyper-V's no longer. */
static __attribute__((noinline)) void move(unsigned vcpu)
{
	page = pages[1];
	write_msr(MSR_HYPERCALL, physical(page) | 1);
	wait_for_lock(vcpu);
	page = pages[0];
	write_msr(MSR_HYPERCALL, 0);
	call(vcpu, NO_CALL, 3, 4);
}

static void work(unsigned vcpu, uint64_t rounds)
{
	for (uint64_t i = 0; i < rounds; i++) {
		wait_for_lock(vcpu);
		flush(vcpu);
		send_ipi(vcpu);
	}
	refused(vcpu);
}

__attribute__((used)) void guest_start(uint64_t vcpu, const char *line)
{
	uint64_t rounds = option(line, "calls");

	write_msr(MSR_GUEST_ID, 1);
	if (vcpu == 0) {
		write_msr(MSR_HYPERCALL, physical(page) | 1);
		is_filled = 1;
	}
	while (!is_filled)
		__asm__ volatile("pause");
	work((unsigned)vcpu, rounds ? rounds : 1);
	print_when_done((unsigned)vcpu, logs);
	if (option(line, "move")) {
		move((unsigned)vcpu);
		print_log(&logs[vcpu]);
	}
	if (option(line, "stay"))
		halt();
	end_guest();
}
