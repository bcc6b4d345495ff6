/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ACRN promises to leave every register but RAX alone. Here the hypervisor is told to break that
 * promise (break_registers), for each register alone and for all at once, RSP among them, on both
 * vCPUs, in calls of a process and of an interrupt handler; the guest sees for itself that it
 * happened. With the option `clean` (QEMU's -append clean) the same calls are made and nothing is
 * broken.
 */
#define ACRN_CALLS_DEF "hypervisor.def"
#include "apic.h"
#include "guest.h"
#include "machine.h"
#include "probe.h"
#include "second_cpu.h"
#include "traps.h"
#include "x86.h"

#define TIMER_HERTZ   1000
#define BREAK_PATTERN 0x5a5a5a5a00000000ull
#define BREAK_CARRY   (1u << 16)
#define BREAK_ALL     0xfffeu /* RAX is the result */
#define ROUNDS	      19
#define CONTEXTS      2

enum context { PROCESS, INTERRUPT };

static unsigned rounds_done[MAX_CPUS][CONTEXTS], rounds_right[MAX_CPUS][CONTEXTS];
static bool clean, second_finished;

/* Registers 1 to 15 alone, the carry flag, all registers, everything, nothing. */
static uint32_t mask_of(unsigned round)
{
	static const uint32_t last[] = {BREAK_CARRY, BREAK_ALL, BREAK_ALL | BREAK_CARRY, 0};

	return round < REGISTERS - 1 ? 1u << (round + 1) : last[round - (REGISTERS - 1)];
}

static void fill_registers(struct probe *probe, enum context context, unsigned round)
{
	static struct hc_api_version versions[MAX_CPUS];
	uint64_t vcpu = this_cpu()->number;

	for (unsigned n = 0; n < REGISTERS; n++)
		probe->before[n] = 0x1000000000000000 + n;
	probe->before[R8] = ACRN_NR_get_api_version;
	probe->before[RDI] = guest_physical(&versions[vcpu]);
	probe->before[RSI] = vcpu << 16 | context << 8 | round; /* ignored by ACRN */
}

static bool broken_as_told(const struct probe *probe, uint32_t mask)
{
	bool right = probe->after[RAX] == 0;

	for (unsigned n = RAX + 1; n < REGISTERS; n++) {
		uint64_t change = mask >> n & 1 ? BREAK_PATTERN + n : 0;

		right &= probe->after[n] == (probe->before[n] ^ change);
	}
	return right &&
	       probe->flags_after == (probe->flags_before ^ (mask & BREAK_CARRY ? RFLAGS_CF : 0));
}

static void do_round(enum context context)
{
	unsigned vcpu = this_cpu()->number;
	unsigned round = rounds_done[vcpu][context]++;
	uint32_t mask = clean ? 0 : mask_of(round);
	struct probe *probe = this_probe();

	fill_registers(probe, context, round);
	if (!clean)
		acrn_call(break_registers, mask, ACRN_NR_get_api_version);
	probe_call();
	rounds_right[vcpu][context] += broken_as_told(probe, mask);
}

static int on_timer(struct trap_frame *frame)
{
	(void)frame;
	if (rounds_done[this_cpu()->number][INTERRUPT] < ROUNDS)
		do_round(INTERRUPT);
	apic_end_of_interrupt();
	return 0;
}

/* Interrupts are off while a process makes a call: with RSP broken there is no stack to take one
 * on. */
static void do_all_rounds(void)
{
	unsigned *done = rounds_done[this_cpu()->number];

	while (done[PROCESS] < ROUNDS)
		do_round(PROCESS);
	apic_timer_start(TIMER_HERTZ);
	interrupts_on();
	while (__atomic_load_n(&done[INTERRUPT], __ATOMIC_RELAXED) < ROUNDS)
		wait_for_interrupt();
	interrupts_off();
	apic_timer_stop();
}

static void second_vcpu(void)
{
	apic_init();
	do_all_rounds();
	__atomic_store_n(&second_finished, true, __ATOMIC_RELEASE);
	for (;;)
		wait_for_interrupt();
}

static bool report(unsigned vcpu, enum context context)
{
	unsigned right = rounds_right[vcpu][context];

	print("clobber: vCPU %u, %s: %s, in %u of %u calls\n", vcpu,
	      context == PROCESS ? "process" : "interrupt",
	      clean ? "no register was changed" : "just the registers chosen were changed", right,
	      ROUNDS);
	return right == ROUNDS;
}

int guest_main(void)
{
	bool right = true;

	clean = guest_option("clean");
	print("clobber: %s\n", clean ? "clean run, the hypervisor keeps its promise"
				     : "the hypervisor is told which registers to change");
	traps_set_handler(VECTOR_TIMER, on_timer);
	do_all_rounds();
	second_cpu_run(second_vcpu);
	while (!__atomic_load_n(&second_finished, __ATOMIC_ACQUIRE))
		pause();
	for (unsigned vcpu = 0; vcpu < MAX_CPUS; vcpu++)
		for (unsigned context = 0; context < CONTEXTS; context++)
			right &= report(vcpu, context);
	return !right;
}
