/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdlib.h>
#include <string.h>

#include "follower.h"

_Static_assert(MAX_WAITING_BYTES >= RING_MAX_RINGS * RING_MAX_RECORD_SIZE, "each has one at least");

int follower_begin(struct follower *follower, const struct ring_map *map,
		   struct trace_writer *writer, uint64_t tsc_hz, enum acrn_trace_clock clock)
{
	uint32_t rings = map->header.ring_count, size = map->header.record_size;
	uint32_t most = MAX_WAITING_BYTES / (rings * size);

	most = most < MAX_WAITING ? most : MAX_WAITING;
	*follower = (struct follower){.map = map, .writer = writer};
	follower->rings =
		(struct acrn_trace_rings){.tsc_hz = tsc_hz, .clock = clock, .header = map->header};
	follower->position = calloc(rings, sizeof(*follower->position));
	follower->most_waiting = most;
	follower->copies = malloc((size_t)rings * most * size);
	if (!follower->position || !follower->copies)
		return -1;
	for (uint32_t i = 0; i < rings * most; i++)
		follower->position[i / most].call[i % most].copy =
			follower->copies + (size_t)i * size;
	trace_rings(writer, &follower->rings);
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

static void write_record(struct follower *follower, uint32_t ring, uint32_t flags,
			 const void *record)
{
	struct acrn_trace_records block = {.ring = ring, .flags = flags, .pass = follower->pass};

	trace_record(follower->writer, &block, record, follower->map->header.record_size);
}

/* The call is gone from the ring: what was seen of it is all that there is. */
static void give_up(struct follower *follower, uint32_t ring, const struct waiting_call *call,
		    int is_end)
{
	if (call->seen)
		write_record(follower, ring, is_end ? 0 : ACRN_TRACE_OVERWRITTEN, call->copy);
	else
		lose(follower, ring, is_end ? ACRN_TRACE_UNWRITTEN : ACRN_TRACE_LATE,
		     call->sequence, 1);
}

/* Whether the call goes on waiting. */
static int look_again(struct follower *follower, uint32_t ring, struct waiting_call *call)
{
	unsigned char record[RING_MAX_RECORD_SIZE];

	switch (ring_read(follower->map, ring, call->sequence, record)) {
	case RING_RETURNED:
		write_record(follower, ring, 0, record);
		return 0;
	case RING_GONE:
		give_up(follower, ring, call, 0);
		return 0;
	case RING_IN_FLIGHT:
		memcpy(call->copy, record, follower->map->header.record_size);
		call->seen = 1;
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
	call->seen = 0;
	return call;
}

static void take(struct follower *follower, uint32_t ring, uint64_t sequence)
{
	unsigned char record[RING_MAX_RECORD_SIZE];
	enum ring_record state = ring_read(follower->map, ring, sequence, record);
	struct waiting_call *call;

	if (state == RING_RETURNED) {
		write_record(follower, ring, 0, record);
	} else if (state == RING_GONE) {
		lose(follower, ring, ACRN_TRACE_LATE, sequence, 1);
	} else {
		call = wait_for(follower, ring, sequence);
		call->seen = state == RING_IN_FLIGHT;
		memcpy(call->copy, record, call->seen ? follower->map->header.record_size : 0);
	}
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
static void read_ring(struct follower *follower, uint32_t ring, uint64_t claimed)
{
	const struct acrn_ring_header *header = &follower->map->header;
	struct position *position = &follower->position[ring];
	uint64_t limit = ring_limit(follower->map, ring), end = claimed;

	look_at_waiting(follower, ring);
	if (header->mode == ACRN_RING_STOPS && limit < claimed)
		end = limit;
	if (end > header->record_count)
		skip(follower, ring, ACRN_TRACE_LATE, end - header->record_count);
	while (position->next < end)
		take(follower, ring, position->next++);
	skip(follower, ring, ACRN_TRACE_FULL, claimed);
	write_loss(follower, position);
}

static void give_up_all(struct follower *follower, int is_end)
{
	for (uint32_t ring = 0; ring < follower->map->header.ring_count; ring++) {
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
	for (uint32_t ring = 0; ring < follower->map->header.ring_count; ring++)
		follower->position[ring].next = 0;
	trace_rings(follower->writer, &follower->rings);
	follower->restarts++;
}

uint64_t follower_pass(struct follower *follower)
{
	uint32_t rings = follower->map->header.ring_count, ring;
	uint64_t claimed[RING_MAX_RINGS], moved = 0;

	for (ring = 0; ring < rings; ring++)
		claimed[ring] = ring_claimed(follower->map, ring);
	for (ring = 0; ring < rings && claimed[ring] >= follower->position[ring].next; ring++)
		;
	if (ring < rings)
		restart(follower);
	follower->pass++;
	for (ring = 0; ring < rings; ring++) {
		moved += claimed[ring] - follower->position[ring].next;
		read_ring(follower, ring, claimed[ring]);
	}
	trace_flush(follower->writer);
	return moved;
}

void follower_end(struct follower *follower)
{
	give_up_all(follower, 1);
	free(follower->position);
	free(follower->copies);
}
