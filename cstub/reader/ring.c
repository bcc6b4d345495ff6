/* SPDX-License-Identifier: BSD-3-Clause */
#include <stddef.h>
#include <string.h>

#include "ring.h"

#define MODE offsetof(struct acrn_ring_header, mode)
_Static_assert(MODE % 8 == 0 && offsetof(struct acrn_ring_header, enabled) == MODE + 4,
	       "they are read as one word");

enum ring_record ring_state(uint64_t word, uint64_t sequence)
{
	uint64_t state = word & ACRN_WORD_STATE_MASK;
	/* Compared within the 61 bits that a word has, so that a lap more is "after". */
	int64_t after = (int64_t)((word & ~(uint64_t)ACRN_WORD_STATE_MASK) -
				  (sequence << ACRN_WORD_SEQUENCE_SHIFT));

	if (after > 0)
		return RING_GONE;
	if (after < 0 || state < ACRN_RECORD_CALLED || state > ACRN_RECORD_RETURNED)
		return RING_NOT_YET;
	return state == ACRN_RECORD_RETURNED ? RING_RETURNED : RING_IN_FLIGHT;
}

int ring_counters(const struct rings *rings, uint32_t ring, struct acrn_ring *counters)
{
	const struct acrn_ring_header *header = &rings->header;
	uint64_t at = rings->address + header->header_size + (uint64_t)ring * header->ring_size;

	memset(counters, 0, sizeof(*counters));
	return rings->read(rings->context, at, counters, offsetof(struct acrn_ring, reserved));
}

int ring_is_enabled(const struct rings *rings)
{
	uint64_t word; /* mode, and `enabled` above it */

	if (!rings->read(rings->context, rings->address + MODE, &word, sizeof(word)))
		return -1;
	return word >> 32 != 0;
}

static uint64_t slot_at(const struct rings *rings, uint32_t ring, uint64_t sequence)
{
	const struct acrn_ring_header *header = &rings->header;
	uint64_t slot = sequence & (header->record_count - 1);

	return header->records_virtual +
	       ((uint64_t)ring * header->record_count + slot) * header->record_size;
}

int ring_slots(const struct rings *rings, uint32_t ring, uint64_t first, uint32_t count,
	       unsigned char *to)
{
	uint32_t size = rings->header.record_size, room = rings->header.record_count;
	uint32_t left = room - (uint32_t)(first & (room - 1)); /* to the ring's end */
	uint32_t before = count < left ? count : left;

	return rings->read(rings->context, slot_at(rings, ring, first), to, before * size) &&
	       (count == before ||
		rings->read(rings->context, slot_at(rings, ring, first + before),
			    to + (size_t)before * size, (count - before) * size));
}

/* Whether a record is still what it was when its copy began. 1, or 0: unreadable. */
static int confirm(const struct rings *rings, uint64_t at, uint64_t before, uint64_t sequence,
		   enum ring_record *state)
{
	uint64_t after;

	if (!rings->read(rings->context, at, &after, sizeof(after)))
		return 0;
	/* It moved on: once is enough to know more, and next time is soon. */
	if (after != before)
		*state = ring_state(after, sequence) == RING_GONE ? RING_GONE : RING_NOT_YET;
	return 1;
}

int ring_read(const struct rings *rings, uint32_t ring, uint64_t first, uint32_t count,
	      unsigned char *to, enum ring_record *state)
{
	uint64_t word, end = first + count;

	if (!ring_slots(rings, ring, first, count, to))
		return 0;
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	for (; first != end; first++, state++, to += rings->header.record_size) {
		memcpy(&word, to, sizeof(word));
		*state = ring_state(word, first);
		if (rings->runs && *state <= RING_IN_FLIGHT &&
		    !confirm(rings, slot_at(rings, ring, first), word, first, state))
			return 0;
	}
	return 1;
}
