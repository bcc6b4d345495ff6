/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Stops a vCPU for a debugger, at a call that its rules ask for, or behind it.
 *
 * No plugin can stop the machine. So the vCPU is sent to where the debugger has a breakpoint and no
 * guest has code, and the debugger sends it back: it comes here again, and passes. No interrupt may
 * come between, whose handler would see that address: IF is off until then.
 *
 * Not where flags would be lost (flags.c), and not where the debugger steps the vCPU, which then
 * minds no breakpoint.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "hypercall_stops.h"
#include "lock.h"
#include "plugin.h"
#include "qemu_plugin.h"

#define IF	0x200ull
#define AWAITED 64 /* calls that may stop at their return; the oldest is forgotten */

static struct stops *stops;

/* A call that may be stopped at its return, on whatever vCPU. */
static struct awaited {
	struct stop_taken entry;
	uint64_t rules; /* that are asked then, a bit each */
} awaited[AWAITED];	/* the newest last */
static uint32_t awaited_now;
static char lock;

_Static_assert(STOPS_RULES <= 64, "a word has a bit for each");

int stops_open(const char *path, uint32_t count)
{
	int file = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (file < 0 || count > STOPS_VCPUS)
		return -1;
	if (!ftruncate(file, sizeof(*stops)))
		stops = mmap(NULL, sizeof(*stops), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	close(file);
	if (!stops || stops == MAP_FAILED)
		return -1;
	stops->version = STOPS_VERSION;
	stops->vcpus = count;
	__atomic_store_n(&stops->magic, STOPS_MAGIC, __ATOMIC_RELEASE);
	return 0;
}

int stops_are_wanted(void)
{
	return stops != NULL;
}

/* Nobody else would send a vCPU back. */
static int has_debugger(void)
{
	uint32_t debugger = __atomic_load_n(&stops->debugger, __ATOMIC_ACQUIRE);

	return debugger && (!kill((pid_t)debugger, 0) || errno == EPERM);
}

static int compares(uint32_t how, int order)
{
	switch (how) {
	case STOP_EQUAL:
		return order == 0;
	case STOP_NOT_EQUAL:
		return order != 0;
	case STOP_LESS:
		return order < 0;
	case STOP_LESS_EQUAL:
		return order <= 0;
	case STOP_MORE:
		return order > 0;
	case STOP_MORE_EQUAL:
		return order >= 0;
	default:
		return 1; /* none of this version's: the debugger sees for itself */
	}
}

static int order_of(uint64_t value, const struct stop_condition *condition)
{
	if (condition->what == STOP_RESULT)
		return ((int64_t)value > (int64_t)condition->value) -
		       ((int64_t)value < (int64_t)condition->value);
	return (value > condition->value) - (value < condition->value);
}

/* Whether the value is known where it is asked for, at the call or behind it. */
static int value_of(unsigned int vcpu, const struct hypercall_abi *abi, uint32_t what,
		    const uint64_t *before, int is_back, uint64_t *value)
{
	uint32_t argument = what - STOP_ARGUMENT;

	if (what == STOP_VCPU)
		*value = vcpu;
	else if (what == STOP_NUMBER)
		*value = before[abi->number] & abi->number_mask;
	else if (what == STOP_RESULT && is_back)
		*value = register_read(vcpu, abi->result);
	else if (what >= STOP_ARGUMENT && argument < abi->arguments)
		*value = before[abi->argument[argument]];
	else
		return 0;
	return 1;
}

static int holds(unsigned int vcpu, const struct stop_rule *rule, const uint64_t *before,
		 int is_back)
{
	const struct hypercall_abi *abi;
	uint64_t value;

	if (rule->abi >= HYPERCALL_ABIS)
		return 0;
	abi = &hypercall_abis[rule->abi];
	value = before[abi->number] & abi->number_mask;
	if (value < rule->first || value > rule->last)
		return 0;
	for (uint32_t i = 0; i < rule->conditions && i < STOPS_CONDITIONS; i++)
		if (value_of(vcpu, abi, rule->condition[i].what, before, is_back, &value) &&
		    !compares(rule->condition[i].how, order_of(value, &rule->condition[i])))
			return 0;
	return 1;
}

static uint64_t rules_that_hold(unsigned int vcpu, const uint64_t *before, uint64_t asked,
				uint32_t at_return, int is_back)
{
	uint64_t held = 0;

	for (uint32_t i = 0; i < stops->rules && i < STOPS_RULES; i++)
		if (asked >> i & 1 && stops->rule[i].at_return == at_return &&
		    holds(vcpu, &stops->rule[i], before, is_back))
			held |= (uint64_t)1 << i;
	return held;
}

/* Take the newest call of the site and the stack out of the awaited: 0, or -1: there is none. */
static int take_out(uint64_t site, uint64_t rsp, struct awaited *taken)
{
	int found = -1;

	lock_take(&lock);
	for (uint32_t i = awaited_now; i-- && found;) {
		if (awaited[i].entry.site != site || awaited[i].entry.before[HYPERCALL_RSP] != rsp)
			continue;
		found = 0;
		*taken = awaited[i];
		awaited_now--;
		memmove(&awaited[i], &awaited[i + 1], (awaited_now - i) * sizeof(awaited[0]));
	}
	lock_release(&lock);
	return found;
}

/* One that is there already was made again, or will not return. */
static void await_return(const struct stop_taken *entry, uint64_t rules)
{
	struct awaited same;

	(void)take_out(entry->site, entry->before[HYPERCALL_RSP], &same);
	lock_take(&lock);
	if (awaited_now == AWAITED)
		memmove(&awaited[0], &awaited[1], --awaited_now * sizeof(awaited[0]));
	awaited[awaited_now] = (struct awaited){*entry, rules};
	__atomic_store_n(&awaited_now, awaited_now + 1, __ATOMIC_RELAXED);
	lock_release(&lock);
}

static void take(unsigned int vcpu, const struct stop_taken *entry, int is_back)
{
	uint64_t flags = register_read(vcpu, HYPERCALL_RFLAGS);

	stops->taken[vcpu] = *entry;
	stops->taken[vcpu].place = entry->site + (is_back ? LENGTH : 0);
	stops->taken[vcpu].is_back = (uint64_t)is_back;
	stops->taken[vcpu].rsp = register_read(vcpu, HYPERCALL_RSP);
	stops->taken[vcpu].flags = flags & IF;
	register_write(vcpu, HYPERCALL_RFLAGS, flags & ~(KEPT_APART | IF));
	qemu_plugin_set_pc(STOPS_ADDRESS);
}

/* Whether the debugger has sent it back here. It may have taken an interrupt first. */
static int passes(unsigned int vcpu, uint64_t place, int is_back)
{
	struct stop_taken *taken = &stops->taken[vcpu];

	if (taken->place != place || taken->is_back != (uint64_t)is_back ||
	    taken->rsp != register_read(vcpu, HYPERCALL_RSP))
		return 0;
	taken->place = 0;
	return 1;
}

/* Whether the vCPU does one instruction at a time. Where this QEMU does not tell, one that is alone
 * may be such. */
static int is_stepped(unsigned int vcpu, int is_alone)
{
	if (!qemu_get_cpu || !curr_cflags)
		return is_alone;
	return (curr_cflags(qemu_get_cpu((int)vcpu)) & CFLAGS_COUNT) == 1;
}

static void miss(void)
{
	__atomic_fetch_add(&stops->missed, 1, __ATOMIC_RELAXED);
}

void stop_at_call(unsigned int vcpu, uint64_t site, int is_clean, int is_alone)
{
	struct stop_taken entry = {.site = site};
	uint64_t now, later;

	if (!stops || vcpu >= stops->vcpus || !stops->rules || passes(vcpu, site, 0))
		return;
	for (uint32_t i = 0; i < HYPERCALL_RFLAGS; i++)
		entry.before[i] = register_read(vcpu, i);
	entry.cr3 = register_read(vcpu, REGISTER_CR3);
	now = rules_that_hold(vcpu, entry.before, UINT64_MAX, 0, 0);
	later = rules_that_hold(vcpu, entry.before, UINT64_MAX, 1, 0);
	if (!(now | later) || !has_debugger())
		return;
	if (later)
		await_return(&entry, later);
	if (now && is_clean && !is_stepped(vcpu, is_alone))
		take(vcpu, &entry, 0);
	if (now)
		miss();
}

void stop_at_return(unsigned int vcpu, uint64_t site, int is_alone)
{
	struct awaited call;

	if (!stops || vcpu >= stops->vcpus || passes(vcpu, site + LENGTH, 1) ||
	    !__atomic_load_n(&awaited_now, __ATOMIC_RELAXED))
		return;
	if (take_out(site, register_read(vcpu, HYPERCALL_RSP), &call) || !has_debugger() ||
	    !rules_that_hold(vcpu, call.entry.before, call.rules, 1, 1))
		return;
	if (!is_stepped(vcpu, is_alone))
		take(vcpu, &call.entry, 1);
	miss();
}
