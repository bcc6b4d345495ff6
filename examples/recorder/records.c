/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A reader of the ring, in as few lines as it takes: everything it knows is in the header.
 */
#include "acrn_recorder.h"
#include "console.h"
#include "records.h"

static const struct acrn_record *record_of(unsigned int ring, uint64_t sequence)
{
	const struct acrn_ring_header *header = &acrn_ring_header.header;
	uint64_t index = ring * header->record_count + sequence % header->record_count;

	return (const void *)(header->records_virtual + index * header->record_size);
}

static void print_changes(const struct acrn_record *record)
{
	const struct acrn_changed *changed =
		(const void *)((const char *)record + acrn_ring_header.header.changed_offset);
	unsigned int count = 0;

	for (unsigned int n = 0; n < ACRN_CHANGED_RFLAGS; n++)
		if (changed->registers >> n & 1) {
			print(", register %u changed by %#lx", n,
			      changed->values[count].before ^ changed->values[count].after);
			count++;
		}
}

static void print_record(const struct acrn_record *record)
{
	unsigned int arguments = record->flags & ACRN_RECORD_ARGUMENTS;

	print("%u: call %#lx", record->vcpu, record->number);
	if (arguments > 1)
		print(", second argument %lu", record->arg2);
	if ((record->word & ACRN_WORD_STATE_MASK) == ACRN_RECORD_RETURNED)
		print(" = %ld", record->result);
	if (record->flags & ACRN_RECORD_CHANGED)
		print_changes(record);
	print("\n");
}

void print_records(unsigned int ring)
{
	const struct acrn_ring *state = &acrn_ring_header.rings[ring];

	print("ring %u: %lu calls, %lu lost\n", ring, state->claimed, state->lost);
	for (uint64_t sequence = 0; sequence < state->claimed; sequence++)
		print_record(record_of(ring, sequence));
}
