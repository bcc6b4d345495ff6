/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdlib.h>
#include <string.h>

#include "follower.h"

_Static_assert(MAX_WAITING_BYTES >= RING_MAX_RINGS * RING_MAX_RECORD_SIZE, "each has one at least");

static int allocate(struct follower *follower, uint32_t rings, uint32_t size)
{
	uint32_t most = follower->most_waiting;

	follower->position = calloc(rings, sizeof(*follower->position));
	follower->copies = malloc((size_t)rings * most * size);
	follower->batch = malloc((size_t)follower->most_at_once * size);
	follower->states = malloc(follower->most_at_once * sizeof(*follower->states));
	if (!follower->position || !follower->copies || !follower->batch || !follower->states)
		return -1;
	for (uint32_t i = 0; i < rings * most; i++)
		follower->position[i / most].call[i % most].copy =
			follower->copies + (size_t)i * size;
	return 0;
}

int follower_begin(struct follower *follower, const struct rings *rings,
		   struct trace_writer *writer, uint64_t tsc_hz, enum acrn_trace_clock clock)
{
	uint32_t count = rings->header.ring_count, size = rings->header.record_size;
	uint32_t most = MAX_WAITING_BYTES / (count * size);

	*follower = (struct follower){.rings = rings, .writer = writer};
	follower->said = (struct acrn_trace_rings){
		.tsc_hz = tsc_hz, .clock = clock, .header = rings->header};
	follower->most_waiting = most < MAX_WAITING ? most : MAX_WAITING;
	follower->most_at_once = FOLLOW_AT_ONCE / size;
	follower->is_enabled = 1;
	if (allocate(follower, count, size))
		return -1;
	trace_rings(writer, &follower->said);
	return 0;
}

static void write_loss(struct follower *follower, struct position *position)
{
	if (position->loss.count)
		trace_loss(follower->writer, &position->loss);
	position->loss.count = 0;
}

static void lose(struct follower *follower, uint32_t ring, uint32_t why, uint64_t first,
		 uint64_t count)
{
	struct position *position = &follower->position[ring];
	struct acrn_trace_loss *loss = &position->loss;

	if (loss->count && (loss->why != why || loss->first + loss->count != first))
		write_loss(follower, position);
	if (!loss->count)
		*loss = (struct acrn_trace_loss){.ring = ring, .why = why, .first = first};
	loss->count += count;
}

static void write_records(struct follower *follower, uint32_t ring, uint32_t flags,
			  const unsigned char *records, uint32_t count)
{
	struct acrn_trace_records block = {.ring = ring, .flags = flags, .pass = follower->pass};

	trace_records(follower->writer, &block, records, follower->rings->header.record_size,
		      count);
}

/* The call is gone from the ring: what was seen of it is all that there is. */
static void give_up(struct follower *follower, uint32_t ring, const struct waiting_call *call,
		    int is_end)
{
	if (call->seen)
		write_records(follower, ring, is_end ? 0 : ACRN_TRACE_OVERWRITTEN, call->copy, 1);
	else
		lose(follower, ring, is_end ? ACRN_TRACE_UNWRITTEN : ACRN_TRACE_LATE,
		     call->sequence, 1);
}

static void keep(struct follower *follower, struct waiting_call *call, const void *record)
{
	call->seen = record != NULL;
	if (record)
		memcpy(call->copy, record, follower->rings->header.record_size);
}

/* Of some calls in a row what each is, in `states`, and the records; 0 if that cannot be read. */
static int read_batch(struct follower *follower, uint32_t ring, uint64_t first, uint32_t count)
{
	if (!follower->is_unreadable &&
	    !ring_read(follower->rings, ring, first, count, follower->batch, follower->states))
		follower->is_unreadable = 1;
	return !follower->is_unreadable;
}

/* Whether the call goes on waiting. */
static int look_again(struct follower *follower, uint32_t ring, struct waiting_call *call)
{
	if (!read_batch(follower, ring, call->sequence, 1))
		return 1;
	switch (follower->states[0]) {
	case RING_RETURNED:
		write_records(follower, ring, 0, follower->batch, 1);
		return 0;
	case RING_GONE:
		give_up(follower, ring, call, 0);
		return 0;
	case RING_IN_FLIGHT:
		keep(follower, call, follower->batch);
		return 1;
	default:
		return 1;
	}
}

static void look_at_waiting(struct follower *follower, uint32_t ring)
{
	struct position *position = &follower->position[ring];
	uint32_t left = 0;

	for (uint32_t i = 0; i < position->waiting; i++) {
		struct waiting_call *call = &position->call[i], *free_call = &position->call[left];

		if (look_again(follower, ring, call)) {
			struct waiting_call moved = *call;

			*call = *free_call; /* the copies' memory changes places */
			*free_call = moved;
			left++;
		}
	}
	position->waiting = left;
}

static struct waiting_call *wait_for(struct follower *follower, uint32_t ring, uint64_t sequence)
{
	struct position *position = &follower->position[ring];
	struct waiting_call *call = &position->call[0];

	if (position->waiting == follower->most_waiting) {
		struct waiting_call oldest = *call;

		give_up(follower, ring, &oldest, 0);
		memmove(call, call + 1, sizeof(*call) * --position->waiting);
		position->call[position->waiting] = oldest;
	}
	call = &position->call[position->waiting++];
	call->sequence = sequence;
	return call;
}

/* Of some records the first ones that have returned, or one that has not; how many that is. */
static uint32_t take(struct follower *follower, uint32_t ring, uint64_t sequence,
		     const unsigned char *records, const enum ring_record *state, uint32_t count)
{
	uint32_t returned = 0;

	while (returned < count && state[returned] == RING_RETURNED)
		returned++;
	write_records(follower, ring, 0, records, returned);
	if (returned)
		return returned;
	if (*state == RING_GONE)
		lose(follower, ring, ACRN_TRACE_LATE, sequence, 1);
	else
		keep(follower, wait_for(follower, ring, sequence),
		     *state == RING_IN_FLIGHT ? records : NULL);
	return 1;
}

/* Some of the calls up to `end`, which the ring has room for; 0 if they cannot be read. */
static int take_batch(struct follower *follower, uint32_t ring, uint64_t end)
{
	uint64_t *next = &follower->position[ring].next, left = end - *next;
	uint32_t size = follower->rings->header.record_size, most = follower->most_at_once;
	uint32_t count = left < most ? (uint32_t)left : most;

	if (!read_batch(follower, ring, *next, count))
		return 0;
	for (uint32_t i = 0, some; i < count; i += some) {
		some = take(follower, ring, *next, follower->batch + (size_t)i * size,
			    follower->states + i, count - i);
		*next += some;
	}
	return 1;
}

static void skip(struct follower *follower, uint32_t ring, uint32_t why, uint64_t end)
{
	struct position *position = &follower->position[ring];

	if (end > position->next) {
		lose(follower, ring, why, position->next, end - position->next);
		position->next = end;
	}
}

/* However far `claimed` is ahead, no more than a ring's worth of records is looked at. */
static void read_ring(struct follower *follower, uint32_t ring)
{
	const struct acrn_ring_header *header = &follower->rings->header;
	struct position *position = &follower->position[ring];
	uint64_t claimed = position->now.claimed, end = claimed;

	look_at_waiting(follower, ring);
	if (header->mode == ACRN_RING_STOPS && position->now.limit < claimed)
		end = position->now.limit;
	if (end > header->record_count)
		skip(follower, ring, ACRN_TRACE_LATE, end - header->record_count);
	while (position->next < end && take_batch(follower, ring, end))
		;
	if (!follower->is_unreadable)
		skip(follower, ring, ACRN_TRACE_FULL, claimed);
	write_loss(follower, position);
}

static void give_up_all(struct follower *follower, int is_end)
{
	for (uint32_t ring = 0; ring < follower->rings->header.ring_count; ring++) {
		struct position *position = &follower->position[ring];

		for (uint32_t i = 0; i < position->waiting; i++)
			give_up(follower, ring, &position->call[i], is_end);
		position->waiting = 0;
		write_loss(follower, position);
	}
	trace_flush(follower->writer);
}

/* The guest was reset: its counters are behind where they were. */
static void restart(struct follower *follower)
{
	give_up_all(follower, 1);
	for (uint32_t ring = 0; ring < follower->rings->header.ring_count; ring++)
		follower->position[ring].next = 0;
	trace_rings(follower->writer, &follower->said);
	follower->restarts++;
}

/* Whether any counter is behind what was read. */
static int look_at_counters(struct follower *follower)
{
	int is_behind = 0, enabled = ring_is_enabled(follower->rings);

	follower->is_unreadable = enabled < 0;
	if (enabled >= 0)
		follower->is_enabled = enabled;
	for (uint32_t ring = 0; ring < follower->rings->header.ring_count; ring++) {
		struct position *position = &follower->position[ring];

		if (follower->is_unreadable ||
		    !ring_counters(follower->rings, ring, &position->now)) {
			follower->is_unreadable = 1;
			return 0;
		}
		is_behind |= position->now.claimed < position->next;
	}
	return is_behind;
}

uint64_t follower_pass(struct follower *follower)
{
	uint64_t moved = 0;

	if (look_at_counters(follower))
		restart(follower);
	follower->pass++;
	for (uint32_t ring = 0; ring < follower->rings->header.ring_count; ring++) {
		struct position *position = &follower->position[ring];
		uint64_t before = position->next;

		if (!follower->is_unreadable)
			read_ring(follower, ring);
		moved += position->next - before;
	}
	trace_flush(follower->writer);
	return moved;
}

uint64_t follower_lose_unread(struct follower *follower)
{
	uint32_t mark = follower->rings->header.mark;
	uint64_t sum = 0;

	if (!follower->is_enabled || !mark)
		return 0;
	for (uint32_t ring = 0; ring < follower->rings->header.ring_count; ring++) {
		uint64_t next = follower->position[ring].next;

		lose(follower, ring, ACRN_TRACE_UNREAD, next, mark - next % mark);
		write_loss(follower, &follower->position[ring]);
		sum += mark - next % mark;
	}
	return sum;
}

void follower_end(struct follower *follower)
{
	give_up_all(follower, 1);
}

void follower_free(struct follower *follower)
{
	free(follower->position);
	free(follower->copies);
	free(follower->batch);
	free(follower->states);
}
