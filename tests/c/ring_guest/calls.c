/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Two vCPUs make CALLS calls each, those of a 1 kHz timer's handler among them, often within
 * another call. The guest answers them itself and keeps a log; then it holds the rings against
 * that: every call once, whole, and the sequence of each ring without a gap. The rings must hold
 * all calls, unless CALLS is more: then only what is left is compared.
 */
#include "acrn_recorder.h"
#include "apic.h"
#include "guest.h"
#include "machine.h"
#include "percpu.h"
#include "second_cpu.h"
#include "traps.h"
#include "x86.h"

#define TIMER_HERTZ   1000
#define CALLS_OF_TICK 2
#define TICK_EVERY    3 /* under a debugger there is a tick after each instruction */
#define VMCALL_SIZE   3
#define ALL	      (MAX_CPUS * CALLS)

struct log_entry {
	uint64_t number, arg1, result;
	uint32_t vcpu, made;
};

static struct log_entry call_log[ALL];
static uint32_t claimed[MAX_CPUS], nested[MAX_CPUS];
static bool finished[MAX_CPUS], calling[MAX_CPUS];

static int answer(struct trap_frame *frame)
{
	frame->rax = frame->rdi + frame->rsi + 7;
	frame->rip += VMCALL_SIZE;
	return 0;
}

/* The process of another vCPU can be preempted anywhere; here a call knows its log entry by arg2.
 */
static __attribute__((noinline)) bool make_call(void)
{
	unsigned vcpu = this_cpu()->number;
	unsigned index = __atomic_fetch_add(&claimed[vcpu], 1, __ATOMIC_RELAXED);
	uint64_t tag = vcpu * (uint64_t)CALLS + index;
	struct log_entry *entry = &call_log[tag];

	if (index >= CALLS)
		return false;
	entry->number = 0x80000000 + index % 100;
	entry->arg1 = tag * 3;
	entry->vcpu = vcpu;
	calling[vcpu] = true;
	entry->result = acrn_hypercall2(entry->number, entry->arg1, tag);
	calling[vcpu] = false;
	entry->made++;
	return true;
}

static int on_timer(struct trap_frame *frame)
{
	static unsigned ticks[MAX_CPUS];
	unsigned vcpu = this_cpu()->number;

	(void)frame;
	if (ticks[vcpu]++ % TICK_EVERY == 0)
		for (unsigned i = 0; i < CALLS_OF_TICK; i++) {
			nested[vcpu] += calling[vcpu];
			make_call();
		}
	apic_end_of_interrupt();
	return 0;
}

static void make_all_calls(void)
{
	unsigned vcpu = this_cpu()->number;

	apic_timer_start(TIMER_HERTZ);
	interrupts_on();
	while (make_call())
		;
	interrupts_off();
	apic_timer_stop();
	__atomic_store_n(&finished[vcpu], true, __ATOMIC_RELEASE);
}

static void second_vcpu(void)
{
	apic_init();
	make_all_calls();
	for (;;)
		wait_for_interrupt();
}

static const struct acrn_record *record_of(unsigned ring, uint64_t sequence)
{
	const struct acrn_ring_header *header = &acrn_ring_header.header;
	uint64_t index = ring * header->record_count + sequence % header->record_count;

	return (const void *)(header->records_virtual + index * header->record_size);
}

static bool is_as_logged(const struct acrn_record *record, uint64_t sequence)
{
	struct log_entry *entry = &call_log[record->arg2];

	return record->word == (sequence << ACRN_WORD_SEQUENCE_SHIFT | ACRN_RECORD_RETURNED) &&
	       record->arg2 < ALL && entry->made++ == 1 && record->number == entry->number &&
	       record->arg1 == entry->arg1 && record->result == entry->result &&
	       record->result == entry->arg1 + record->arg2 + 7 && record->vcpu == entry->vcpu &&
	       (record->flags & ACRN_RECORD_ARGUMENTS) == 2 &&
	       record->tsc_return >= record->tsc_entry;
}

/* How many records of a ring are right; what is wrong is printed. */
static uint64_t check_ring(unsigned ring)
{
	const struct acrn_ring *state = &acrn_ring_header.rings[ring];
	uint64_t count = acrn_ring_header.header.record_count, right = 0;
	uint64_t oldest = state->claimed > count ? state->claimed - count : 0;

	for (uint64_t sequence = oldest; sequence < state->claimed; sequence++)
		right += is_as_logged(record_of(ring, sequence), sequence);
	if (right + state->lost + state->lapped < state->claimed - oldest)
		print("ring %u: %lu records are right of %lu\n", ring, right,
		      state->claimed - oldest);
	return state->claimed;
}

int guest_main(void)
{
	uint64_t calls = 0;

	traps_set_handler(VECTOR_UD, answer);
	traps_set_handler(VECTOR_TIMER, on_timer);
	second_cpu_run(second_vcpu);
	make_all_calls();
	while (!__atomic_load_n(&finished[1], __ATOMIC_ACQUIRE))
		pause();
	for (unsigned ring = 0; ring < ACRN_RINGS; ring++)
		calls += check_ring(ring);
	print("%lu calls in the rings, nested: %s, lost: %lu\n", calls,
	      nested[0] && nested[1] ? "yes" : "no",
	      acrn_ring_header.rings[0].lost + acrn_ring_header.rings[0].lapped);
	return calls != ALL;
}

bool acrn_emulate(void)
{
	return true;
}
