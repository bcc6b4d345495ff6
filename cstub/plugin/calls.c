/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Pairs each entry of a call with its return, and makes its record.
 *
 * A call in flight is in a slot of the vCPU that made it, and may come back on another. Each vCPU's
 * slots have a lock, which a vCPU holds for its own in all but these cases.
 */
#include <string.h>
#include <time.h>

#include "lock.h"
#include "plugin.h"
#include "rules.h"

#define CR3_ADDRESS 0x7ffffffffffff000ull /* without PCID and no-flush bit */

static struct shared_head *shared;

static struct of_vcpu {
	char lock;
	uint32_t in_flight;
	uint8_t slot[SHARED_SLOTS]; /* of the calls in flight, the newest last */
	struct {
		uint32_t size;	      /* of its record before anything came of it */
		uint32_t is_doubtful; /* it may have returned, as its record has it */
	} of_slot[SHARED_SLOTS];
} __attribute__((aligned(SHARED_LINE))) vcpus[SHARED_VCPUS];

void calls_begin(struct shared_head *head)
{
	shared = head;
	for (uint32_t i = 0; i < SHARED_VCPUS; i++) {
		vcpus[i].in_flight = 0;
		for (uint32_t slot = 0; slot < SHARED_SLOTS; slot++)
			vcpus[i].slot[slot] = (uint8_t)slot;
	}
}

static struct shared_slot *slot_of(uint32_t vcpu, uint32_t index)
{
	return shared_slot(shared, vcpu, vcpus[vcpu].slot[index]);
}

static struct hypercall_record *record_of(struct shared_slot *slot)
{
	return (struct hypercall_record *)slot->record;
}

/* The call at `index` has not returned, whatever was thought. */
static void forget_return(uint32_t owner, uint32_t index)
{
	struct of_vcpu *of = &vcpus[owner];
	struct hypercall_record *record = record_of(slot_of(owner, index));

	record->size = of->of_slot[of->slot[index]].size;
	record->state = HYPERCALL_CALLED;
	of->of_slot[of->slot[index]].is_doubtful = 0;
}

static uint64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_REALTIME, &time);
	return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

/* Take the slot at `index` out of those in flight of `owner`: it is the first of the free ones. */
static struct shared_slot *take_out(uint32_t owner, uint32_t index)
{
	struct of_vcpu *of = &vcpus[owner];
	uint8_t slot = of->slot[index];

	of->in_flight--;
	for (uint32_t i = index; i < of->in_flight; i++)
		of->slot[i] = of->slot[i + 1];
	of->slot[of->in_flight] = slot;
	return shared_slot(shared, owner, slot);
}

static int is_the_same(struct shared_slot *slot, const struct hypercall_record *made)
{
	const struct hypercall_record *known = record_of(slot);

	return known->number == made->number &&
	       !memcmp(known->argument, made->argument, sizeof(made->argument));
}

/*
 * What the new call says of an older one, of the same place and stack: whether it is that one, made
 * again; if it is another, the older will not return.
 */
static int is_made_again(unsigned int vcpu, const struct hypercall_record *made, int resumes)
{
	for (uint32_t i = vcpus[vcpu].in_flight; i--;) {
		struct shared_slot *slot = slot_of(vcpu, i);
		const struct hypercall_record *known = record_of(slot);

		if (known->site != made->site || known->rsp != made->rsp || known->cr3 != made->cr3)
			continue;
		if (resumes || is_the_same(slot, made))
			return 1;
		forget_return(vcpu, i);
		shared_put(shared, vcpu, take_out(vcpu, i));
	}
	return 0;
}

/*
 * The calls whose doubtful return is proven by a new one: a handler that merely jumped past the
 * site runs below the call's frame; code at the call's own stack level, or above, runs only after
 * that.
 */
static void settle(unsigned int vcpu, const struct hypercall_record *made)
{
	struct of_vcpu *of = &vcpus[vcpu];

	for (uint32_t i = 0; i < of->in_flight;) {
		const struct hypercall_record *known = record_of(slot_of(vcpu, i));

		if (of->of_slot[of->slot[i]].is_doubtful && known->cr3 == made->cr3 &&
		    made->rsp >= known->rsp)
			shared_put(shared, vcpu, take_out(vcpu, i));
		else
			i++;
	}
}

static void read_call(unsigned int vcpu, uint64_t site, struct hypercall_record *record)
{
	const struct hypercall_abi *abi = &hypercall_abis[record->abi];

	record->size = HYPERCALL_RECORD_SIZE;
	record->version = HYPERCALL_RECORD_VERSION;
	record->state = HYPERCALL_CALLED;
	record->clock = HYPERCALL_NANOSECONDS;
	record->vcpu = vcpu;
	record->return_vcpu = HYPERCALL_UNKNOWN32;
	record->site = site;
	record->cr3 = register_read(vcpu, REGISTER_CR3) & CR3_ADDRESS;
	record->rsp = register_read(vcpu, HYPERCALL_RSP);
	record->number = register_read(vcpu, abi->number) & abi->number_mask;
	record->arguments = abi->arguments;
	for (uint32_t i = 0; i < abi->arguments; i++)
		record->argument[i] = register_read(vcpu, abi->argument[i]);
}

/* Which registers are compared: but RFLAGS, which cannot be had from a plugin, and what any call
 * may change. What this one may change beside, as its arguments' registers, whoever decodes it
 * knows. */
static uint32_t compared(uint32_t abi)
{
	uint32_t all = (1u << HYPERCALL_RFLAGS) - 1;

	return shared->flags & SHARED_NO_CLOBBERS ? 0 : all & ~hypercall_abis[abi].lost;
}

static void read_registers(unsigned int vcpu, struct shared_slot *slot)
{
	uint32_t wanted = compared(record_of(slot)->abi);

	for (uint32_t i = 0; i < HYPERCALL_RFLAGS; i++)
		if (wanted >> i & 1)
			slot->before[i] = register_read(vcpu, i);
}

/* The oldest gives way where all are in use. */
static struct shared_slot *take_slot(unsigned int vcpu)
{
	struct of_vcpu *of = &vcpus[vcpu];

	if (of->in_flight == SHARED_SLOTS)
		shared_put(shared, vcpu, take_out(vcpu, 0));
	return shared_slot(shared, vcpu, of->slot[of->in_flight++]);
}

static void enter(unsigned int vcpu, const struct hypercall_record *made)
{
	struct of_vcpu *of = &vcpus[vcpu];
	struct shared_slot *slot = take_slot(vcpu);
	struct hypercall_record *record = record_of(slot);

	slot->floor = __atomic_load_n(&shared->next, __ATOMIC_SEQ_CST);
	__atomic_store_n(&slot->state, SLOT_ENTERING, __ATOMIC_SEQ_CST);
	*record = *made;
	record->sequence = __atomic_fetch_add(&shared->next, 1, __ATOMIC_SEQ_CST);
	record->entry = now();
	slot->floor = record->sequence;
	read_registers(vcpu, slot);
	rules_entered(vcpu, slot);
	arguments_read(vcpu, slot, 0);
	of->of_slot[of->slot[of->in_flight - 1]].size = record->size;
	of->of_slot[of->slot[of->in_flight - 1]].is_doubtful = 0;
	__atomic_store_n(&slot->state, SLOT_IN_FLIGHT, __ATOMIC_RELEASE);
}

void call_entered(unsigned int vcpu, uint64_t site, struct hypercall_record *made)
{
	int resumes;

	*made = (struct hypercall_record){.abi = shared_abi_at(shared, site)};
	resumes = hypercall_abis[made->abi].again == HYPERCALL_AGAIN_same_rip;
	read_call(vcpu, site, made);
	lock_take(&vcpus[vcpu].lock);
	settle(vcpu, made);
	if (!is_made_again(vcpu, made, resumes)) {
		if (rules_enter(vcpu, made))
			read_call(vcpu, site, made);
		enter(vcpu, made);
	}
	lock_release(&vcpus[vcpu].lock);
}

void call_answered(unsigned int vcpu)
{
	struct of_vcpu *of = &vcpus[vcpu];

	lock_take(&of->lock);
	if (of->in_flight)
		record_of(slot_of(vcpu, of->in_flight - 1))->flags |= HYPERCALL_ANSWERED;
	lock_release(&of->lock);
}

void call_done(unsigned int vcpu, enum hypercall_what what, const char *text, uint64_t number)
{
	struct of_vcpu *of = &vcpus[vcpu];
	struct hypercall_done done = {.what = (uint8_t)what, .before = number};
	struct shared_slot *slot;

	memcpy(done.text, text, strnlen(text, sizeof(done.text)));
	lock_take(&of->lock);
	if (of->in_flight) {
		slot = slot_of(vcpu, of->in_flight - 1);
		rules_tell(slot, &done, 1);
		of->of_slot[of->slot[of->in_flight - 1]].size = record_of(slot)->size;
	}
	lock_release(&of->lock);
}

void calls_abandon(unsigned int by)
{
	for (uint32_t vcpu = 0; vcpu < shared->vcpus; vcpu++) {
		lock_take(&vcpus[vcpu].lock);
		while (vcpus[vcpu].in_flight)
			shared_put(shared, by, take_out(vcpu, 0));
		lock_release(&vcpus[vcpu].lock);
	}
}

/* As people list them, and a debugger does. */
static const uint8_t in_order[] = {
	HYPERCALL_RAX, HYPERCALL_RBX, HYPERCALL_RCX, HYPERCALL_RDX, HYPERCALL_RSI, HYPERCALL_RDI,
	HYPERCALL_RBP, HYPERCALL_RSP, HYPERCALL_R8,  HYPERCALL_R9,  HYPERCALL_R10, HYPERCALL_R11,
	HYPERCALL_R12, HYPERCALL_R13, HYPERCALL_R14, HYPERCALL_R15,
};

/* Add a block of the registers that changed. */
static void compare(unsigned int vcpu, struct shared_slot *slot)
{
	struct hypercall_record *record = record_of(slot);
	struct hypercall_block *block = (struct hypercall_block *)(slot->record + record->size);
	struct hypercall_changed *changed = (struct hypercall_changed *)(block + 1);
	uint32_t wanted = compared(record->abi), count = 0;

	for (uint32_t at = 0; at < sizeof(in_order); at++) {
		uint32_t i = in_order[at];
		uint64_t after = wanted >> i & 1 ? register_read(vcpu, i) : slot->before[i];

		if (wanted >> i & 1 && after != slot->before[i])
			changed[count++] = (struct hypercall_changed){i, 0, slot->before[i], after};
	}
	if (!count)
		return;
	*block = (struct hypercall_block){.kind = HYPERCALL_CHANGED,
					  .size = count * (uint32_t)sizeof(*changed)};
	record->size += (uint32_t)sizeof(*block) + block->size;
}

/* What the vCPU has now is what came of the call. `is_certain`: it is back, and rules are for that.
 */
static void note_return(unsigned int vcpu, struct shared_slot *slot, int is_certain)
{
	struct hypercall_record *record = record_of(slot);

	record->leave = now();
	compare(vcpu, slot);
	if (is_certain)
		rules_leave(vcpu, slot);
	record->result = register_read(vcpu, hypercall_abis[record->abi].result);
	record->return_vcpu = vcpu;
	record->state = HYPERCALL_RETURNED;
	arguments_read(vcpu, slot, 1);
}

static void finish(unsigned int vcpu, uint32_t owner, uint32_t index)
{
	struct shared_slot *slot;

	forget_return(owner, index);
	slot = take_out(owner, index);
	note_return(vcpu, slot, 1);
	shared_put(shared, vcpu, slot);
}

/* Finish the newest call of `owner` at the site, of this stack and address space. */
static int finish_of(unsigned int vcpu, uint32_t owner, uint64_t site, uint64_t rsp, uint64_t cr3)
{
	int is_found = 0;

	lock_take(&vcpus[owner].lock);
	for (uint32_t i = vcpus[owner].in_flight; i-- && !is_found;) {
		const struct hypercall_record *record = record_of(slot_of(owner, i));

		is_found = record->site == site && record->rsp == rsp && record->cr3 == cr3;
		if (is_found)
			finish(vcpu, owner, i);
	}
	lock_release(&vcpus[owner].lock);
	return is_found;
}

/* Whether the number and all arguments are still in their registers. */
static int is_unchanged(unsigned int vcpu, const struct hypercall_record *record)
{
	const struct hypercall_abi *abi = &hypercall_abis[record->abi];

	if ((register_read(vcpu, abi->number) & abi->number_mask) != record->number)
		return 0;
	for (uint32_t i = 0; i < abi->arguments; i++)
		if (register_read(vcpu, abi->argument[i]) != record->argument[i])
			return 0;
	return 1;
}

/*
 * RSP may be what the hypervisor broke: it may be the return of the vCPU's newest call at the site.
 * If more registers are not what they were, that is only certain when settle() says it.
 */
static void finish_doubtful(unsigned int vcpu, uint64_t site, uint64_t cr3)
{
	struct of_vcpu *of = &vcpus[vcpu];

	lock_take(&of->lock);
	for (uint32_t i = of->in_flight; i--;) {
		const struct hypercall_record *record = record_of(slot_of(vcpu, i));

		if (record->site != site || record->cr3 != cr3 ||
		    of->of_slot[of->slot[i]].is_doubtful)
			continue;
		if (is_unchanged(vcpu, record)) {
			finish(vcpu, vcpu, i);
		} else {
			note_return(vcpu, slot_of(vcpu, i), 0);
			of->of_slot[of->slot[i]].is_doubtful = 1;
		}
		break;
	}
	lock_release(&of->lock);
}

void call_returned(unsigned int vcpu, uint64_t site)
{
	uint64_t rsp = register_read(vcpu, HYPERCALL_RSP);
	uint64_t cr3 = register_read(vcpu, REGISTER_CR3) & CR3_ADDRESS;

	if (finish_of(vcpu, vcpu, site, rsp, cr3))
		return;
	for (uint32_t other = 0; other < shared->vcpus; other++)
		if (other != vcpu && finish_of(vcpu, other, site, rsp, cr3))
			return;
	finish_doubtful(vcpu, site, cr3);
}
