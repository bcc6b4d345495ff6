/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A guest that comes to the bad end that its command line asks for, and stays there: a dump can be
 * taken of it, or a debugger attached. With the word `second` as well it is the second vCPU that
 * does, while the first sleeps. examples/README.md lists the ends.
 *
 * The file is built three times: with the trampoline, with the plain ring and without a recorder.
 */
#include "crash.h"
#include "acrn_cpuid.h"
#include "percpu.h"
#include "second_cpu.h"
#include "traps.h"
#include "x86.h"

struct end {
	const char *name;
	void (*vcpu0)(void);
	void (*vcpu1)(void); /* NULL: there is none, or it has nothing to do with it */
};

static void spin(void);
static void idle(void);

static const struct end ends[] = {
	{"call-hangs", call_hangs, 0},
	{"call-hangs-both", call_hangs, hang_behind_another_call},
	{"structure-overwritten", structure_is_overwritten, overwrite_structure},
	{"error-ignored", error_is_ignored, 0},
	{"creation-fails-with-0", creation_fails_with_0, 0},
	{"not-permitted", call_is_not_permitted, 0},
	{"tee-asleep", idle, sleep_in_tee_call},
	{"no-hypervisor", call_without_hypervisor, 0},
	{"fault-skipped", fault_is_skipped, 0},
	{"ring-3", call_from_ring_3, 0},
	{"user-vm", call_from_user_vm, 0},
	{"lost-register", use_lost_register, 0},
	{"lost-register-unused", lose_unused_register, 0},
	{"ring-off", ring_is_off, 0},
	{"ring-header-overwritten", ring_header_is_overwritten, 0},
	{"ring-records-overwritten", ring_records_are_overwritten, 0},
	{"ring-torn", ring_is_torn, 0},
	{"ring-lapped", ring_is_lapped, 0},
	{"spin", spin, 0},
	{"idle", idle, 0},
};

static const struct end *end;
static bool second, told[2];

/* Without a hypervisor the guest comes to its end all the same. */
bool acrn_emulate(void)
{
	return true;
}

uint32_t tsc_khz(void)
{
	static uint32_t khz;

	if (!khz && acrn_present())
		khz = cpuid(CPUID_ACRN_TSC_KHZ, 0).eax;
	return khz;
}

void last_words(void)
{
	print("crash: %s\n", end->name);
}

_Noreturn void panic(const char *why)
{
	interrupts_off();
	print("crash: panic: %s\n", why);
	last_words();
	for (;;)
		wait_for_interrupt();
}

static int panic_on_trap(struct trap_frame *frame)
{
	print("crash: exception %lu\n", frame->vector);
	panic("unexpected exception");
}

void tell_other_vcpu(void)
{
	__atomic_store_n(&told[!this_cpu()->number], true, __ATOMIC_RELEASE);
}

void await_other_vcpu(void)
{
	while (!__atomic_load_n(&told[this_cpu()->number], __ATOMIC_ACQUIRE))
		pause();
}

void make_some_calls(void)
{
	static struct hc_api_version version[MAX_CPUS];

	for (unsigned n = 0; n < 3; n++)
		acrn_call(get_api_version, &version[this_cpu()->number]);
}

/* Waits with interrupts off for what only an interrupt handler could do. */
static void spin(void)
{
	static bool done;

	make_some_calls();
	interrupts_off();
	last_words();
	while (!__atomic_load_n(&done, __ATOMIC_RELAXED))
		pause();
}

static _Noreturn void wait_for_ever(void)
{
	interrupts_on();
	for (;;)
		wait_for_interrupt();
}

static void idle(void)
{
	make_some_calls();
	if (!end->vcpu1)
		last_words();
	tell_other_vcpu();
	wait_for_ever();
}

static void second_vcpu(void)
{
	if (second)
		end->vcpu0();
	else
		end->vcpu1();
	panic("this is not the end");
}

static const struct end *chosen_end(void)
{
	for (unsigned n = 0; n < sizeof(ends) / sizeof(ends[0]); n++)
		if (guest_option(ends[n].name))
			return &ends[n];
	return 0;
}

int guest_main(void)
{
	for (unsigned vector = 0; vector < 32; vector++)
		traps_set_handler(vector, panic_on_trap);
	second = guest_option("second");
	end = chosen_end();
	if (!end) {
		print("crash: no such end; -append takes a name, see examples/README.md\n");
		return 1;
	}
	if (second || end->vcpu1)
		second_cpu_run(second_vcpu);
	if (second)
		wait_for_ever();
	end->vcpu0();
	panic("this is not the end");
}
