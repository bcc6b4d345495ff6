/* SPDX-License-Identifier: BSD-3-Clause */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "followed.h"
#include "ring_contents.h"

static void check_in_ram(const struct guest_ram *ram, const void *at, uint64_t size)
{
	uint64_t offset = (uint64_t)((const unsigned char *)at - ram->bytes);

	for (unsigned int i = 0; i < ram->ranges; i++) {
		const struct ram_range *range = &ram->range[i];

		if (offset >= range->offset && offset - range->offset <= range->size &&
		    size <= range->size - (offset - range->offset))
			return;
	}
	abort();
}

static void check_object(const struct ring_object *object, const struct guest_ram *ram)
{
	uint64_t pages = (object->address % PAGE + object->bytes + PAGE - 1) / PAGE;

	for (uint64_t page = 0; page < pages; page++)
		check_in_ram(ram, object->pages[page], PAGE);
}

void check_map(const struct ring_map *map, const struct guest_ram *ram)
{
	char text[RING_FAULT_SIZE];

	if (ring_header_fault(&map->rings.header, text) || map->records.bytes > ram->size)
		abort();
	check_object(&map->header, ram);
	check_object(&map->records, ram);
}

/* Of all rings, modulo 2^64: a guest can claim more. */
static uint64_t lost;

void __real_trace_loss(struct trace_writer *writer, const struct acrn_trace_loss *loss);
void __wrap_trace_loss(struct trace_writer *writer, const struct acrn_trace_loss *loss);
void __wrap_trace_loss(struct trace_writer *writer, const struct acrn_trace_loss *loss)
{
	lost += loss->count;
	__real_trace_loss(writer, loss);
}

/* Of all rings: how many sequence numbers were looked at, since the guest began or began anew. */
static uint64_t looked_at(const struct follower *follower)
{
	uint64_t sum = 0;

	for (uint32_t ring = 0; ring < follower->rings->header.ring_count; ring++)
		sum += follower->position[ring].next;
	return sum;
}

uint64_t follow_rings(const struct rings *rings, unsigned int passes, void (*meanwhile)(void *),
		      void *guest)
{
	static struct trace_writer writer;
	struct follower follower;
	uint64_t before = 0, claimed = 0, restarts = 0;

	writer.file = open("/dev/null", O_WRONLY | O_CLOEXEC);
	writer.failed = 0;
	writer.records = writer.lost = writer.used = lost = 0;
	if (follower_begin(&follower, rings, &writer, 1000000000, ACRN_TRACE_CLOCK_GUEST))
		abort();
	for (; passes; passes--) {
		follower_pass(&follower);
		claimed += follower.restarts != restarts ? before : 0;
		restarts = follower.restarts;
		before = looked_at(&follower);
		meanwhile(guest);
	}
	follower_end(&follower);
	follower_free(&follower);
	trace_end(&writer);
	close(writer.file);
	if (writer.failed || writer.records + lost != claimed + before ||
	    (writer.lost != lost && writer.lost != UINT64_MAX))
		abort();
	return writer.records;
}

/* What was counted of a ring's slots. */
static uint64_t slots_of(const struct ring_tally *tally)
{
	return tally->kept + tally->torn + tally->unwritten + tally->foreign + tally->unreadable +
	       tally->left_out;
}

static uint64_t check_tallies(const struct rings *rings, const struct contents *contents)
{
	uint64_t kept = 0;

	for (uint32_t ring = 0; ring < rings->header.ring_count; ring++) {
		const struct ring_tally *tally = contents_tally(contents, ring);

		if (slots_of(tally) > rings->header.record_count)
			abort();
		kept += tally->kept;
	}
	return kept;
}

uint64_t read_contents(const struct rings *rings, int by_time)
{
	unsigned char records[3 * RING_MAX_RECORD_SIZE];
	uint32_t ring[3], count;
	uint64_t given = 0, word;
	int unreadable;
	struct contents *contents = contents_new(rings, by_time, &unreadable);

	if (!contents && unreadable)
		return 0;
	while ((count = contents_next(contents, 3, ring, records)) != 0)
		for (given += count; count; count--) {
			memcpy(&word, records + (count - 1) * rings->header.record_size, 8);
			if (ring_state(word, word >> ACRN_WORD_SEQUENCE_SHIFT) > RING_IN_FLIGHT ||
			    ring[count - 1] >= rings->header.ring_count)
				abort();
		}
	if (given != check_tallies(rings, contents))
		abort();
	contents_free(contents);
	contents_newest(rings, &word);
	return given;
}
