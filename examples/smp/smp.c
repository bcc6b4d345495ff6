/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Two vCPUs make calls as fast as they can while a 1 kHz timer interrupts both of them, and its
 * handler makes calls as well: 5000 calls a vCPU. Many an interrupt comes right after a VMCALL, so
 * that one call is inside another; half of all calls share one site. Which calls are the handler's
 * is fixed, so that each run makes the same calls in the same order on each vCPU; and neither gets
 * far ahead of the other, so that both are at it all the time. With the option `short` (QEMU's
 * -append short) it is 250 calls a vCPU.
 */
#include "apic.h"
#include "call_log.h"
#include "guest.h"
#include "machine.h"
#include "percpu.h"
#include "second_cpu.h"
#include "traps.h"
#include "x86.h"

#define TIMER_HERTZ	   1000
#define TURN		   50 /* calls, of which those from 47 to 48 are an interrupt's */
#define FIRST_OF_INTERRUPT 47 /* odd: the call before it is one at the shared site */
#define LAST_OF_INTERRUPT  48
#define SHARED_SITE_EVERY  2
#define MOST_AHEAD	   50

#define FAILED	     (-1)
#define EINVAL	     22
#define ENOTTY	     25
#define NOT_OURS     0x2000000 /* the hypervisor's own memory */
#define NO_SUCH_CALL 0x80000099

#define SHORT_CALLS_OF_VCPU 250

static unsigned calls_of_vcpu = CALLS_OF_VCPU;
static uint32_t calls_claimed[VCPUS];
static bool process_makes_call[VCPUS];
static bool ready[VCPUS], finished[VCPUS];

static __attribute__((noinline)) long call_at_shared_site(uint64_t nr, uint64_t arg1, uint64_t arg2)
{
	return acrn_hypercall2(nr, arg1, arg2);
}

static __attribute__((noinline)) long call_from_process(uint64_t nr, uint64_t arg1, uint64_t arg2)
{
	return acrn_hypercall2(nr, arg1, arg2);
}

static __attribute__((noinline)) long call_from_interrupt(uint64_t nr, uint64_t arg1, uint64_t arg2)
{
	return acrn_hypercall2(nr, arg1, arg2);
}

/* No two calls have the same second argument; ACRN ignores it in all of these. */
static uint64_t tag(unsigned vcpu, enum call_context context, unsigned index)
{
	return (uint64_t)vcpu << 32 | (uint64_t)context << 28 | index;
}

/* Fills in the call that is number `index` of this vCPU and returns what ACRN will answer. */
static long choose_call(struct call_log_entry *call, unsigned index)
{
	static struct hc_api_version versions[VCPUS];

	call->nr = ACRN_NR_get_api_version;
	call->arg2 = tag(call->vcpu, call->context, index);
	switch (index % 4) {
	case 0:
		call->arg1 = guest_physical(&versions[call->vcpu]);
		return 0;
	case 1:
		call->arg1 = NOT_OURS + index * 8;
		return -EINVAL;
	case 2:
		call->nr = ACRN_NR_pause_vm;
		call->arg1 = 1 + index % 15; /* all of them are off */
		return FAILED;
	default:
		call->nr = NO_SUCH_CALL;
		call->arg1 = index;
		return -ENOTTY;
	}
}

static enum call_context context_of(unsigned index)
{
	unsigned place = index % TURN;

	return place >= FIRST_OF_INTERRUPT && place <= LAST_OF_INTERRUPT ? INTERRUPT : PROCESS;
}

/* Makes the vCPU's next call, if it is this context's turn. */
static bool make_call(enum call_context context)
{
	unsigned vcpu = this_cpu()->number;
	unsigned index = __atomic_load_n(&calls_claimed[vcpu], __ATOMIC_RELAXED);
	struct call_log_entry *call;
	long expected;

	if (index >= calls_of_vcpu || context_of(index) != context)
		return false;
	__atomic_store_n(&calls_claimed[vcpu], index + 1, __ATOMIC_RELAXED);
	call = call_log_claim();
	call->vcpu = vcpu;
	call->context = context;
	expected = choose_call(call, index);
	if (index % SHARED_SITE_EVERY == 0)
		call->ret = call_at_shared_site(call->nr, call->arg1, call->arg2);
	else if (context == PROCESS)
		call->ret = call_from_process(call->nr, call->arg1, call->arg2);
	else
		call->ret = call_from_interrupt(call->nr, call->arg1, call->arg2);
	if (call->ret == expected)
		return true;
	print("smp: a call returned %ld instead of %ld\n", call->ret, expected);
	machine_fail();
}

static bool is_behind_vmcall(const struct trap_frame *frame)
{
	static const uint8_t vmcall[] = {0x0f, 0x01, 0xc1};

	return !memcmp((const void *)(frame->rip - sizeof(vmcall)), vmcall, sizeof(vmcall));
}

/* A process that has not made the call yet that it is about to make keeps its place in the order.
 */
static int on_timer(struct trap_frame *frame)
{
	unsigned vcpu = this_cpu()->number;
	bool answered = is_behind_vmcall(frame);

	if (answered || !__atomic_load_n(&process_makes_call[vcpu], __ATOMIC_RELAXED)) {
		calls_interrupted[vcpu] += answered;
		while (make_call(INTERRUPT))
			;
	}
	apic_end_of_interrupt();
	return 0;
}

static bool make_call_of_process(unsigned vcpu)
{
	bool made;

	__atomic_store_n(&process_makes_call[vcpu], true, __ATOMIC_SEQ_CST);
	made = make_call(PROCESS);
	__atomic_store_n(&process_makes_call[vcpu], false, __ATOMIC_SEQ_CST);
	return made;
}

static void await_other_vcpu(unsigned vcpu)
{
	while (__atomic_load_n(&calls_claimed[vcpu], __ATOMIC_RELAXED) >
	       __atomic_load_n(&calls_claimed[!vcpu], __ATOMIC_RELAXED) + MOST_AHEAD)
		pause();
}

static void make_all_calls(void)
{
	unsigned vcpu = this_cpu()->number;

	__atomic_store_n(&ready[vcpu], true, __ATOMIC_RELEASE);
	while (!__atomic_load_n(&ready[!vcpu], __ATOMIC_ACQUIRE))
		pause();
	apic_timer_start(TIMER_HERTZ);
	interrupts_on();
	while (__atomic_load_n(&calls_claimed[vcpu], __ATOMIC_RELAXED) < calls_of_vcpu) {
		await_other_vcpu(vcpu);
		if (!make_call_of_process(vcpu))
			wait_for_interrupt();
	}
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

int guest_main(void)
{
	if (guest_option("short"))
		calls_of_vcpu = SHORT_CALLS_OF_VCPU;
	traps_set_handler(VECTOR_TIMER, on_timer);
	second_cpu_run(second_vcpu);
	make_all_calls();
	while (!__atomic_load_n(&finished[1], __ATOMIC_ACQUIRE))
		pause();
	call_log_complete();
	print("smp: %lu calls, %u of each of %u vCPUs, all answered as expected\n", call_log_count,
	      calls_of_vcpu, VCPUS);
	return call_log_count != VCPUS * calls_of_vcpu;
}
