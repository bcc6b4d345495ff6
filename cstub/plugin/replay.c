/* SPDX-License-Identifier: BSD-3-Clause */
/* Finds the recorded call that a call is, and does again what that did. */
#include <string.h>

#include "lock.h"
#include "plugin.h"
#include "replay.h"

#define AHEAD	    64u /* recorded calls among which one is looked for, as act/mock/replay.py */
#define KINDS	    256u
#define NOTHING	    UINT32_MAX
#define WORD	    8
#define MOST_QUEUES (SHARED_VCPUS + 1)

static struct shared_head *shared;
static struct replay_head count;
static struct replay_queue queues[MOST_QUEUES]; /* `first` moves on */
static const struct replay_call *calls;
static const struct replay_place *places;
static uint32_t last_of[KINDS]; /* index + 1 of the last that was answered, by its number */
static int has_departed;
static char lock;

int replay_begin(struct shared_head *head)
{
	const uint8_t *at = (const uint8_t *)head + shared_replay_at(head);
	const struct replay_queue *told = (const void *)(at + sizeof(count));
	uint64_t size = sizeof(count);

	shared = head;
	if (!head->replay_bytes)
		return 0;
	memcpy(&count, at, sizeof(count));
	size += (uint64_t)count.queues * sizeof(*told);
	calls = (const void *)(at + size);
	size += (uint64_t)count.calls * sizeof(*calls);
	places = (const void *)(at + size);
	size += (uint64_t)count.places * sizeof(*places);
	if (size != head->replay_bytes || count.queues > MOST_QUEUES)
		return -1;
	memcpy(queues, told, count.queues * sizeof(*told));
	head->replay_left = count.calls;
	return 0;
}

int replay_is_some(void)
{
	return count.calls != 0;
}

/* Where a place's first byte is; or -1: its pointers lead nowhere. */
static int find(unsigned int vcpu, const struct replay_place *place, const struct memory *memory,
		uint64_t *address)
{
	*address = register_read(vcpu, place->reg);
	for (uint32_t i = 0; i < place->hops && i < REPLAY_HOPS; i++) {
		if (memory->read(memory->context, *address + place->hop[i].offset, address, WORD))
			return -1;
		*address += place->hop[i].beyond;
	}
	*address += place->bit_offset / 8;
	return 0;
}

static uint32_t bytes_of(const struct replay_place *place)
{
	return (place->bit_offset % 8 + place->bits + 7) / 8;
}

static int is_as_before(unsigned int vcpu, const struct replay_place *place,
			const struct memory *memory)
{
	uint8_t bytes[16] = {0};
	uint64_t address, now;

	if (!(place->kind & REPLAY_IN_MEMORY)) {
		now = register_read(vcpu, place->reg);
		memcpy(bytes, &now, sizeof(now));
		return load_bits(bytes, sizeof(bytes), place->bit_offset, place->bits) ==
		       place->value;
	}
	if (find(vcpu, place, memory, &address) ||
	    memory->read(memory->context, address, bytes, bytes_of(place)))
		return 0;
	return load_bits(bytes, sizeof(bytes), place->bit_offset % 8, place->bits) == place->value;
}

static const struct memory *memory_for(unsigned int vcpu, const struct hypercall_record *made)
{
	return memory_of(vcpu, hypercall_abis[made->abi].memory);
}

static int is_kind(const struct replay_call *call, const struct hypercall_record *made)
{
	return call->abi == made->abi && call->number == made->number;
}

static int is_same(unsigned int vcpu, const struct replay_call *call,
		   const struct hypercall_record *made)
{
	if (!is_kind(call, made))
		return 0;
	for (uint32_t i = 0; i < call->places; i++) {
		const struct replay_place *place = &places[call->first_place + i];

		if (!(place->kind & REPLAY_WRITES) &&
		    !is_as_before(vcpu, place, memory_for(vcpu, made)))
			return 0;
	}
	return 1;
}

static void write_place(unsigned int vcpu, const struct replay_place *place,
			const struct memory *memory)
{
	uint64_t address;
	uint8_t bytes[9];

	if (!(place->kind & REPLAY_IN_MEMORY)) {
		register_write(vcpu, place->reg, place->value);
		return;
	}
	if (find(vcpu, place, memory, &address) ||
	    memory->read(memory->context, address, bytes, bytes_of(place)))
		return;
	store_bits(bytes, place->bit_offset % 8, place->bits, place->value);
	memory_write(vcpu, address, bytes, bytes_of(place));
}

static struct replay_queue *queue_of(unsigned int vcpu)
{
	struct replay_queue *any = NULL;

	for (uint32_t i = 0; i < count.queues; i++) {
		if (queues[i].first == queues[i].end)
			continue;
		if (queues[i].vcpu == vcpu)
			return &queues[i];
		if (queues[i].vcpu == HYPERCALL_UNKNOWN32)
			any = &queues[i];
	}
	return any;
}

/* The call that is expected, of this vCPU, or of one whose thread has moved here. */
static uint32_t take_expected(unsigned int vcpu, struct replay_queue *own,
			      const struct hypercall_record *made)
{
	if (own && is_same(vcpu, &calls[own->first], made))
		return own->first++;
	for (uint32_t i = 0; i < count.queues; i++)
		if (queues[i].first != queues[i].end &&
		    is_same(vcpu, &calls[queues[i].first], made))
			return queues[i].first++;
	return NOTHING;
}

static uint32_t take_next_best(unsigned int vcpu, struct replay_queue *own,
			       const struct hypercall_record *made)
{
	uint32_t last = last_of[made->number % KINDS];

	if (own && is_kind(&calls[own->first], made))
		return own->first++;
	for (uint32_t i = own ? own->first : 0; own && i < own->end && i < own->first + AHEAD; i++)
		if (is_same(vcpu, &calls[i], made)) {
			own->first = i + 1;
			return i;
		}
	return last && is_kind(&calls[last - 1], made) ? last - 1 : NOTHING;
}

static void tell_departure(unsigned int vcpu, const struct replay_queue *own)
{
	const struct replay_call *expected = own ? &calls[own->first] : NULL;

	if (!has_departed)
		call_done(vcpu, HYPERCALL_DEPARTS, expected ? expected->name : "",
			  expected ? expected->sequence : 0);
	has_departed = 1;
}

static uint32_t take(unsigned int vcpu, const struct hypercall_record *made)
{
	struct replay_queue *own = queue_of(vcpu);
	uint32_t taken = take_expected(vcpu, own, made);

	if (taken == NOTHING) {
		tell_departure(vcpu, own);
		taken = take_next_best(vcpu, own, made);
	}
	if (taken != NOTHING)
		last_of[made->number % KINDS] = taken + 1;
	shared->replay_left = 0;
	for (uint32_t i = 0; i < count.queues; i++)
		shared->replay_left += queues[i].end - queues[i].first;
	return taken;
}

int replay_answer(unsigned int vcpu, const struct hypercall_record *made, uint64_t *result)
{
	const struct replay_call *call;
	uint32_t taken;

	lock_take(&lock);
	taken = take(vcpu, made);
	lock_release(&lock);
	if (taken == NOTHING)
		return -1;
	call = &calls[taken];
	for (uint32_t i = 0; i < call->places; i++)
		if (places[call->first_place + i].kind & REPLAY_WRITES)
			write_place(vcpu, &places[call->first_place + i], memory_for(vcpu, made));
	call_done(vcpu, HYPERCALL_REPLAYED, "", 0);
	*result = call->result;
	return 0;
}
