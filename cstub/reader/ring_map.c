/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdlib.h>
#include <string.h>

#include "ring_map.h"

#define PAGE 4096u

static uint64_t pages_of(const struct ring_object *object)
{
	return (object->address % PAGE + object->bytes + PAGE - 1) / PAGE;
}

/* Each page by the page tables. NULL, or why that cannot be done: `absent` where one is not in RAM.
 */
static const char *map_object(struct ring_object *object, const struct guest_ram *ram,
			      const struct paging *paging, const char *absent)
{
	uint64_t first = object->address & ~(uint64_t)(PAGE - 1), count = pages_of(object);

	object->pages = calloc(count, sizeof(*object->pages));
	if (!object->pages)
		return "there is not enough memory to map them";
	for (uint64_t i = 0; i < count; i++) {
		uint64_t address = page_walk(ram, paging, first + i * PAGE);

		object->pages[i] = address == NOT_MAPPED ? NULL : ram_at(ram, address, PAGE);
		if (!object->pages[i])
			return absent;
	}
	return NULL;
}

static const char *map_records(struct ring_map *map, const struct guest_ram *ram)
{
	const struct acrn_ring_header *header = &map->rings.header;
	uint64_t bytes = (uint64_t)header->ring_count * header->record_count * header->record_size;

	map->records = (struct ring_object){.address = header->records_virtual, .bytes = bytes};
	if (header->records_virtual % 8)
		return "its records are not aligned";
	if (bytes > ram->size) /* the same page many times over: it would be read as often */
		return "its records are more than all RAM";
	return map_object(&map->records, ram, &map->paging,
			  "its records are not all in RAM by the guest's page tables");
}

static const char *map_counters(struct ring_map *map, const struct guest_ram *ram)
{
	const struct acrn_ring_header *header = &map->rings.header;
	uint64_t counters = (uint64_t)header->ring_count * header->ring_size;

	map->header = (struct ring_object){.address = header->header_virtual,
					   .bytes = header->header_size + counters};
	return map_object(&map->header, ram, &map->paging,
			  "its counters are not in RAM by the guest's page tables");
}

/* As `read` of a guest that runs has to: upwards, each word by one load. */
static void copy_words(void *to, const void *from, uint64_t size)
{
	const uint64_t *words = from;
	uint64_t *copies = to;

	for (uint64_t i = 0; i < size / 8; i++)
		copies[i] = __atomic_load_n(&words[i], __ATOMIC_ACQUIRE);
}

static int read_object(const struct ring_object *object, uint64_t address, unsigned char *to,
		       uint64_t size)
{
	uint64_t offset = address - object->address;

	if (offset >= object->bytes || size > object->bytes - offset)
		return 0;
	for (offset += object->address % PAGE; size;) {
		uint64_t left = PAGE - offset % PAGE, step = size < left ? size : left;

		copy_words(to, object->pages[offset / PAGE] + offset % PAGE, step);
		to += step;
		offset += step;
		size -= step;
	}
	return 1;
}

static int read_map(void *context, uint64_t address, void *to, uint32_t size)
{
	const struct ring_map *map = context;

	return read_object(&map->records, address, to, size) ||
	       read_object(&map->header, address, to, size);
}

/* Whether the page tables that the header names lead to it, by themselves or below a nested one. */
static int find_paging(struct ring_map *map, const struct guest_ram *ram,
		       const struct nested_tables *nested, uint64_t address)
{
	uint64_t virtual = map->rings.header.header_virtual;

	map->paging = (struct paging){.cr3 = map->rings.header.cr3};
	if (page_walk(ram, &map->paging, virtual) == address)
		return 1;
	for (unsigned int i = 0; i < nested->count; i++) {
		map->paging.ncr3 = nested->ncr3[i];
		for (map->paging.levels = 4; map->paging.levels <= 5; map->paging.levels++)
			if (page_walk(ram, &map->paging, virtual) == address)
				return 1;
	}
	return 0;
}

/* NULL, or why the rings may be possible to map later. */
static const char *take_header(struct ring_map *map, const struct guest_ram *ram,
			       const struct nested_tables *nested, uint64_t address)
{
	struct acrn_ring_header *header = &map->rings.header;
	const void *found = ram_at(ram, address, sizeof(*header));
	uint64_t words[sizeof(*header) / 8];
	const char *fault;

	if (!found || address % 8)
		return "its address is not in RAM";
	copy_words(words, found, sizeof(words)); /* what is checked is this copy */
	memcpy(header, words, sizeof(*header));
	fault = ring_header_fault(header, map->fault);
	if (fault)
		return fault;
	if (header->header_virtual == 0 || header->records_virtual == 0)
		return "no call was recorded in it";
	if (!find_paging(map, ram, nested, address))
		return "the guest's page tables do not lead to it (a copy, or paging with five "
		       "levels)";
	map->rings.address = header->header_virtual;
	return NULL;
}

const char *ring_map(struct ring_map *map, const struct guest_ram *ram,
		     const struct nested_tables *nested, uint64_t address, int *wait)
{
	const char *fault;

	memset(map, 0, sizeof(*map));
	map->rings.read = read_map;
	map->rings.context = map;
	map->rings.runs = 1;
	fault = take_header(map, ram, nested, address);
	*wait = fault != NULL;
	if (!fault)
		fault = map_counters(map, ram);
	if (!fault)
		fault = map_records(map, ram);
	if (fault)
		ring_unmap(map);
	return fault;
}

void ring_unmap(struct ring_map *map)
{
	free(map->records.pages);
	free(map->header.pages);
	map->records.pages = map->header.pages = NULL;
}
