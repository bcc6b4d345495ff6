/* SPDX-License-Identifier: BSD-3-Clause */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "followed.h"

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

void check_map(const struct ring_map *map, const struct guest_ram *ram)
{
	const struct acrn_ring_header *header = &map->header;
	uint64_t bytes = (uint64_t)header->ring_count * header->record_count * header->record_size;
	char text[RING_FAULT_SIZE];
	uint64_t pages = (map->first_page_offset + bytes + PAGE - 1) / PAGE;

	if (ring_header_fault(header, text) || bytes > ram->size || map->first_page_offset >= PAGE)
		abort();
	for (uint32_t ring = 0; ring < header->ring_count; ring++)
		check_in_ram(ram, map->ring[ring], sizeof(struct acrn_ring));
	for (uint64_t page = 0; page < pages; page++) {
		check_in_ram(ram, map->pages[page], PAGE);
		if (map->flat &&
		    map->pages[page] != map->flat - map->first_page_offset + page * PAGE)
			abort();
	}
}

/* Of all rings: how many sequence numbers were looked at, since the guest began or began anew. */
static uint64_t looked_at(const struct follower *follower)
{
	uint64_t sum = 0;

	for (uint32_t ring = 0; ring < follower->map->header.ring_count; ring++)
		sum += follower->position[ring].next;
	return sum;
}

uint64_t follow_rings(const struct ring_map *map, unsigned int passes, void (*meanwhile)(void *),
		      void *guest)
{
	static struct trace_writer writer;
	struct follower follower;
	uint64_t before = 0, claimed = 0, restarts = 0;

	writer.file = open("/dev/null", O_WRONLY | O_CLOEXEC);
	writer.failed = 0;
	writer.records = writer.lost = writer.used = 0;
	if (follower_begin(&follower, map, &writer, 1000000000, ACRN_TRACE_CLOCK_GUEST))
		abort();
	for (; passes; passes--) {
		follower_pass(&follower);
		claimed += follower.restarts != restarts ? before : 0;
		restarts = follower.restarts;
		before = looked_at(&follower);
		meanwhile(guest);
	}
	follower_end(&follower);
	trace_end(&writer);
	close(writer.file);
	if (writer.failed || writer.records + writer.lost != claimed + before)
		abort();
	return writer.records;
}
