/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The flight recorder at work: two vCPUs make calls, some of which fail, and one of which comes
 * back with registers changed. A hook hears of the failures at once; all the rest is in the rings,
 * which the guest prints at its end as a debugger would from outside.
 */
#define ACRN_CALLS_DEF "hypervisor.def"
#include "acrn_recorder.h"
#include "guest.h"
#include "records.h"
#include "second_cpu.h"
#include "x86.h"

#define NO_SUCH_CALL 0x80000099
#define NO_SUCH_VM   9
#define R10_AND_R11  (1u << 10 | 1u << 11) /* C expects neither to outlive a function */

static bool second_finished;

/* The hook, called by the stub. */
void acrn_call_failed(uint64_t site, uint64_t number, int64_t result, int faulted)
{
	(void)site;
	print("recorder: call %#lx failed: %ld%s\n", number, result,
	      faulted ? ", no hypervisor" : "");
}

static __attribute__((noinline)) long ask_version(void)
{
	static struct hc_api_version version;

	return acrn_call(get_api_version, &version);
}

static void lose_registers(void)
{
	acrn_call(break_registers, R10_AND_R11, ACRN_NR_get_api_version);
	ask_version();
	acrn_call(break_registers, 0, ACRN_NR_get_api_version);
}

static void second_vcpu(void)
{
	ask_version();
	acrn_call(pause_vm, NO_SUCH_VM);
	__atomic_store_n(&second_finished, true, __ATOMIC_RELEASE);
	for (;;)
		wait_for_interrupt();
}

int guest_main(void)
{
	ask_version();
	acrn_hypercall2(NO_SUCH_CALL, 1, 2);
	lose_registers();
	acrn_ring_disable();
	acrn_call(start_vm, NO_SUCH_VM); /* leaves no trace */
	acrn_ring_enable();
	second_cpu_run(second_vcpu);
	while (!__atomic_load_n(&second_finished, __ATOMIC_ACQUIRE))
		pause();
	for (unsigned vcpu = 0; vcpu < MAX_CPUS; vcpu++)
		print_records(vcpu);
	acrn_ring_finish();
	return 0;
}
