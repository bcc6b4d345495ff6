/* SPDX-License-Identifier: BSD-3-Clause */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "ring_contents.h"

/* Where in one ring the reading is. */
struct part {
	uint64_t next, last;	/* sequence numbers that are not read yet */
	uint32_t given, kept;	/* of the calls that were read and are to be given */
	unsigned char *records; /* theirs */
	struct ring_tally tally;
};

struct contents {
	const struct rings *rings;
	int by_time;
	uint32_t at_once; /* records */
	unsigned char *records;
	struct part part[]; /* one for each ring */
};

static uint64_t last_of(const struct acrn_ring *counters)
{
	uint64_t most = UINT64_MAX >> ACRN_WORD_SEQUENCE_SHIFT;

	return counters->claimed < most ? counters->claimed : most;
}

static uint64_t lesser(uint64_t one, uint64_t other)
{
	return one < other ? one : other;
}

/* What of a ring is to be read; 0 if its counters cannot be. */
static int begin_part(const struct rings *rings, uint32_t ring, struct part *part)
{
	const struct acrn_ring_header *header = &rings->header;
	uint64_t count = lesser(header->record_count, CONTENTS_MOST / header->ring_count);
	struct acrn_ring counters;

	if (!ring_counters(rings, ring, &counters))
		return 0;
	if (!header->records_virtual)
		return 1;
	part->last = last_of(&counters);
	part->next = part->last - lesser(part->last, count);
	part->tally.left_out = lesser(part->last, header->record_count) - (part->last - part->next);
	return 1;
}

struct contents *contents_new(const struct rings *rings, int by_time, int *unreadable)
{
	uint32_t count = rings->header.ring_count, size = rings->header.record_size;
	uint32_t at_once = (uint32_t)lesser(CONTENTS_AT_ONCE / size, rings->header.record_count);
	struct contents *contents = calloc(1, sizeof(*contents) + count * sizeof(struct part));

	*unreadable = 0;
	if (!contents)
		return NULL;
	*contents = (struct contents){.rings = rings, .by_time = by_time, .at_once = at_once};
	contents->records = malloc((size_t)count * at_once * size);
	for (uint32_t ring = 0; contents->records && ring < count && !*unreadable; ring++) {
		struct part *part = &contents->part[ring];

		part->records = contents->records + (size_t)ring * at_once * size;
		*unreadable = !begin_part(rings, ring, part);
	}
	if (contents->records && !*unreadable)
		return contents;
	contents_free(contents);
	return NULL;
}

void contents_free(struct contents *contents)
{
	if (contents)
		free(contents->records);
	free(contents);
}

static void note_torn(struct ring_tally *tally, uint64_t sequence)
{
	if (tally->torn < CONTENTS_TORN)
		tally->torn_sequence[tally->torn] = sequence;
	tally->torn++;
}

/* Count the slot of a call; whether it has this call. */
static int note(struct ring_tally *tally, uint64_t word, uint64_t sequence, uint32_t count)
{
	uint64_t state = word & ACRN_WORD_STATE_MASK, written = word >> ACRN_WORD_SEQUENCE_SHIFT;

	if (ring_state(word, sequence) <= RING_IN_FLIGHT) {
		tally->kept++;
		return 1;
	}
	if (written == sequence && state == ACRN_RECORD_WRITING)
		note_torn(tally, sequence);
	else if (word == 0 || (written < sequence && (sequence - written) % count == 0 &&
			       state <= ACRN_RECORD_RETURNED))
		tally->unwritten++;
	else
		tally->foreign++;
	return 0;
}

/* The records of some calls, which are there; those to be given are moved together. */
static void sort_out(const struct contents *contents, struct part *part, uint64_t first,
		     uint32_t count, const unsigned char *from)
{
	uint32_t size = contents->rings->header.record_size;
	uint64_t word;

	for (; count; count--, first++, from += size) {
		memcpy(&word, from, sizeof(word));
		if (note(&part->tally, word, first, contents->rings->header.record_count))
			memmove(part->records + (size_t)part->kept++ * size, from, size);
	}
}

/* One by one those of a part of which some cannot be read: none, if neither its first nor last. */
static void read_singly(const struct contents *contents, uint32_t ring, struct part *part,
			uint64_t first, uint32_t count)
{
	unsigned char record[RING_MAX_RECORD_SIZE];
	uint64_t last = first + count - 1;

	if (!ring_slots(contents->rings, ring, first, 1, record) &&
	    !ring_slots(contents->rings, ring, last, 1, record)) {
		part->tally.unreadable += count;
		return;
	}
	for (; first <= last; first++) {
		if (ring_slots(contents->rings, ring, first, 1, record))
			sort_out(contents, part, first, 1, record);
		else
			part->tally.unreadable++;
	}
}

static void read_part(const struct contents *contents, uint32_t ring, struct part *part)
{
	uint64_t first = part->next;
	uint32_t count = (uint32_t)lesser(part->last - first, contents->at_once);

	part->next += count;
	part->given = part->kept = 0;
	if (ring_slots(contents->rings, ring, first, count, part->records))
		sort_out(contents, part, first, count, part->records);
	else
		read_singly(contents, ring, part, first, count);
}

/* A ring's next call, or NULL. */
static const unsigned char *head_of(const struct contents *contents, uint32_t ring,
				    struct part *part)
{
	while (part->given == part->kept && part->next < part->last)
		read_part(contents, ring, part);
	if (part->given == part->kept)
		return NULL;
	return part->records + (size_t)part->given * contents->rings->header.record_size;
}

static uint64_t entry_of(const unsigned char *record)
{
	uint64_t entry;

	memcpy(&entry, record + offsetof(struct acrn_record, tsc_entry), sizeof(entry));
	return entry;
}

/* The next call of all rings, and whose it is; NULL at the end. */
static const unsigned char *next_call(struct contents *contents, uint32_t *whose)
{
	const unsigned char *first = NULL;

	for (uint32_t ring = 0; ring < contents->rings->header.ring_count; ring++) {
		const unsigned char *head = head_of(contents, ring, &contents->part[ring]);

		if (head && (!first || entry_of(head) < entry_of(first))) {
			first = head;
			*whose = ring;
		}
		if (first && !contents->by_time)
			break;
	}
	return first;
}

uint32_t contents_next(struct contents *contents, uint32_t room, uint32_t *ring,
		       unsigned char *records)
{
	uint32_t size = contents->rings->header.record_size, count;

	for (count = 0; count < room; count++, ring++, records += size) {
		const unsigned char *record = next_call(contents, ring);

		if (!record)
			break;
		memcpy(records, record, size);
		contents->part[*ring].given++;
	}
	return count;
}

const struct ring_tally *contents_tally(const struct contents *contents, uint32_t ring)
{
	return &contents->part[ring].tally;
}

int contents_newest(const struct rings *rings, uint64_t *entry)
{
	unsigned char record[RING_MAX_RECORD_SIZE];
	struct acrn_ring counters;
	enum ring_record state;

	*entry = 0;
	for (uint32_t ring = 0; ring < rings->header.ring_count; ring++) {
		if (!ring_counters(rings, ring, &counters))
			return 0;
		if (!counters.claimed || !rings->header.records_virtual)
			continue;
		if (ring_read(rings, ring, last_of(&counters) - 1, 1, record, &state) &&
		    state <= RING_IN_FLIGHT && entry_of(record) > *entry)
			*entry = entry_of(record);
	}
	return 1;
}
