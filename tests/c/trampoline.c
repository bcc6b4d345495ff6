/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The checked trampoline against a hypervisor that leaves any register changed, played by the
 * signal handler of the VMCALL's SIGILL. From there on the program is single-stepped to the first
 * instruction after the call's asm: there each register must be as the handler left it. Then what
 * was changed is put back, so that C can go on.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <ucontext.h>

#include "trapped_vmcall.h"
#include "acrn_recorder.h"
#include "acrn_hypercall.h"

#define NOINLINE      __attribute__((noinline))
#define REGISTERS     16
#define TF	      0x100
#define RF	      0x10000
#define DF	      0x400
#define ARITHMETIC    0x8d5ull
#define VMCALL_SIZE   3
#define LAST_LEA      8 /* bytes of the instruction that moves RSP back */
#define PATTERN	      0x5a5a5a5a00000000
#define ALL_REGISTERS 0xffefu /* RSP is how the trampoline finds its notes */

__thread unsigned int test_vcpu = ACRN_VCPU_UNKNOWN;

/* The processor's order, as the context has them. */
static const int context_index[REGISTERS] = {
	REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
	REG_R8,	 REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15,
};

static volatile int calls_left; /* that are not compared yet */
static struct {
	unsigned int registers; /* to change, bit n: register n */
	unsigned long flags;	/* to flip */
	long answer;
	int faults;
} plan;
static gregset_t before, left;
static unsigned long resume_at;
static struct {
	unsigned long site, number;
	long result;
	int faulted, count;
} failed;

void acrn_call_failed(uint64_t site, uint64_t number, int64_t result, int faulted)
{
	failed.site = site, failed.number = number, failed.result = result;
	failed.faulted = faulted;
	failed.count++;
}

static int recorded_now(void)
{
	return (int)__atomic_load_n(&acrn_ring_header.header.enabled, __ATOMIC_RELAXED);
}

static void change_registers(greg_t *registers)
{
	for (unsigned int n = 0; n < REGISTERS; n++)
		if (plan.registers >> n & 1)
			registers[context_index[n]] ^= PATTERN + n;
	registers[REG_EFL] ^= (long)plan.flags;
}

static void on_vmcall(int number, siginfo_t *info, void *context)
{
	greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
	static const uint8_t vmcall[VMCALL_SIZE] = {0x0f, 0x01, 0xc1};
	uint64_t rip = (uint64_t)vmcall, rax = (uint64_t)registers[REG_RAX];

	(void)number, (void)info;
	memcpy(before, registers, sizeof(before));
	registers[REG_RIP] += VMCALL_SIZE;
	if (plan.faults) {
		EXPECT(acrn_fault_at(&rip, &rax) && rip == (uint64_t)vmcall + VMCALL_SIZE);
		registers[REG_RAX] = (greg_t)rax;
	} else {
		registers[REG_RAX] = plan.answer;
		change_registers(registers);
	}
	if (!recorded_now()) /* C goes on after the VMCALL itself */
		return;
	resume_at = (unsigned long)before[REG_RIP] + ACRN_VMCALL_TO_RETURN + LAST_LEA;
	calls_left++;
	memcpy(left, registers, sizeof(left));
	registers[REG_EFL] |= TF;
}

static void compare_and_repair(greg_t *registers)
{
	for (unsigned int n = 0; n < REGISTERS; n++) {
		int i = context_index[n];

		if (i == REG_RSP)
			continue;
		EXPECT(registers[i] == left[i]);
		if (i != REG_RAX)
			registers[i] = before[i];
	}
	EXPECT(((registers[REG_EFL] ^ left[REG_EFL]) & ~(TF | RF)) == 0);
	registers[REG_EFL] &= ~(TF | DF);
	calls_left--;
}

static void on_step(int number, siginfo_t *info, void *context)
{
	greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;

	(void)number, (void)info;
	if ((unsigned long)registers[REG_RIP] == resume_at)
		compare_and_repair(registers);
}

static const struct acrn_record *last_record(void)
{
	uint64_t last = acrn_ring_header.rings[0].claimed - 1;
	const struct acrn_ring_header *header = &acrn_ring_header.header;

	return (const void *)(header->records_virtual +
			      last % header->record_count * header->record_size);
}

static void check_record(long result, unsigned long sequence)
{
	const struct acrn_record *record = last_record();
	const struct acrn_changed *changed =
		(const void *)((const char *)record + acrn_ring_header.header.changed_offset);
	unsigned int expected = plan.registers & ~1u, count = 0;

	if (plan.flags)
		expected |= 1u << ACRN_CHANGED_RFLAGS;
	EXPECT(record->word == (sequence << ACRN_WORD_SEQUENCE_SHIFT | ACRN_RECORD_RETURNED));
	EXPECT(record->number == 0x80000099 && record->arg1 == 11 && record->arg2 == 22);
	EXPECT((long)record->result == result && record->site == (uint32_t)before[REG_RIP]);
	EXPECT(record->flags == (2 | (expected ? ACRN_RECORD_CHANGED : 0) |
				 (plan.faults ? ACRN_RECORD_FAULTED : 0)));
	EXPECT(!expected || changed->registers == expected);
	for (unsigned int n = 1; n < REGISTERS; n++)
		if (expected >> n & 1) {
			EXPECT(changed->values[count].before == (uint64_t)before[context_index[n]]);
			EXPECT(changed->values[count].after == (uint64_t)left[context_index[n]]);
			count++;
		}
}

/* Uses its red zone, if it has one: nothing but asm is called. */
static NOINLINE unsigned long around_a_call(unsigned long seed, long *result)
{
	volatile unsigned long local[12];
	unsigned long sum = 0;

	for (unsigned long i = 0; i < 12; i++)
		local[i] = seed * (i + 3);
	*result = acrn_hypercall2(0x80000099, 11, 22);
	for (unsigned long i = 0; i < 12; i++)
		sum = sum * 31 + local[i];
	return sum;
}

static unsigned long expected_sum(unsigned long seed)
{
	unsigned long sum = 0;

	for (unsigned long i = 0; i < 12; i++)
		sum = sum * 31 + seed * (i + 3);
	return sum;
}

static void make_call(unsigned int registers, unsigned long flags, long answer, int recorded)
{
	static unsigned long sequence;
	long result;

	plan.registers = registers;
	plan.flags = flags;
	plan.answer = answer;
	failed.count = 0;
	EXPECT(around_a_call(flags + registers, &result) == expected_sum(flags + registers));
	answer = plan.faults ? ACRN_FAULTED : answer;
	EXPECT(result == answer);
	EXPECT(failed.count == (recorded && answer < 0));
	if (failed.count)
		EXPECT(failed.site == (unsigned long)before[REG_RIP] &&
		       failed.number == 0x80000099 && failed.result == answer &&
		       failed.faulted == plan.faults);
	if (recorded)
		check_record(answer, sequence++);
}

static void every_register_and_flag(void)
{
	static const unsigned long flags[] = {0,    1,	   4,	  0x10, 0x40,
					      0x80, 0x800, 0x8d5, DF,	0x8d5 | DF};

	for (unsigned int n = 0; n < REGISTERS; n++)
		make_call(1u << n & ALL_REGISTERS & ~1u, 0, n, 1);
	for (unsigned int i = 0; i < sizeof(flags) / sizeof(*flags); i++)
		make_call(0, flags[i], -25, 1);
	make_call(ALL_REGISTERS & ~1u, ARITHMETIC, -1, 1);
}

int main(void)
{
	struct sigaction action = {.sa_sigaction = on_vmcall, .sa_flags = SA_SIGINFO};

	setvbuf(stdout, NULL, _IONBF, 0);
	sigaction(SIGILL, &action, NULL);
	action.sa_sigaction = on_step;
	sigaction(SIGTRAP, &action, NULL);
	every_register_and_flag();
	plan.faults = 1;
	make_call(0, 0, 0, 1);
	acrn_ring_disable();
	make_call(0, 0, 0, 0);
	plan.faults = 0;
	make_call(0, 0, -25, 0);
	EXPECT(calls_left == 0);
	return failures != 0;
}
