/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdlib.h>
#include <string.h>

#include "page_walk.h"
#include "ring_map.h"

#define PAGE 4096u

static const char *map_records(struct ring_map *map, const struct guest_ram *ram)
{
	const struct acrn_ring_header *header = &map->header;
	uint64_t bytes = (uint64_t)header->ring_count * header->record_count * header->record_size;
	uint64_t first = header->records_virtual & ~(uint64_t)(PAGE - 1);
	uint64_t count = (header->records_virtual - first + bytes + PAGE - 1) / PAGE;
	int contiguous = 1;

	map->first_page_offset = header->records_virtual - first;
	if (map->first_page_offset % 8)
		return "its records are not aligned";
	if (bytes > ram->size) /* the same page many times over: it would be read as often */
		return "its records are more than all RAM";
	map->pages = calloc(count, sizeof(*map->pages));
	if (!map->pages)
		return "there is not enough memory to map its records";
	for (uint64_t i = 0; i < count; i++) {
		uint64_t address = page_walk(ram, header->cr3, first + i * PAGE);

		map->pages[i] = address == NOT_MAPPED ? NULL : ram_at(ram, address, PAGE);
		if (!map->pages[i])
			return "its records are not all in RAM by the guest's page tables";
		contiguous &= map->pages[i] == map->pages[0] + i * PAGE;
	}
	map->flat = contiguous ? map->pages[0] + map->first_page_offset : NULL;
	return NULL;
}

static const char *map_rings(struct ring_map *map, const struct guest_ram *ram)
{
	uint64_t address = map->header.header_virtual + map->header.header_size;

	for (uint32_t i = 0; i < map->header.ring_count; i++) {
		uint64_t at = page_walk(ram, map->header.cr3, address);

		if (at == NOT_MAPPED || at % 8 || at % PAGE > PAGE - sizeof(struct acrn_ring))
			return "its counters are not where the header says";
		map->ring[i] = ram_at(ram, at, sizeof(struct acrn_ring));
		if (!map->ring[i])
			return "its counters are not in RAM by the guest's page tables";
		address += map->header.ring_size;
	}
	return NULL;
}

/* Each word by one load: what is checked then is this copy, whatever the compiler does. */
static void copy_header(struct acrn_ring_header *header, const uint64_t *from)
{
	uint64_t words[sizeof(*header) / sizeof(*from)];

	for (unsigned int i = 0; i < sizeof(words) / sizeof(*words); i++)
		words[i] = __atomic_load_n(&from[i], __ATOMIC_RELAXED);
	memcpy(header, words, sizeof(*header));
}

const char *ring_map(struct ring_map *map, const struct guest_ram *ram, uint64_t address, int *wait)
{
	const void *found = ram_at(ram, address, sizeof(map->header));
	const char *fault;

	memset(map, 0, sizeof(*map));
	*wait = 1;
	if (!found || address % 8)
		return "its address is not in RAM";
	copy_header(&map->header, found);
	fault = ring_header_fault(&map->header, map->fault);
	if (fault)
		return fault;
	if (map->header.header_virtual == 0 || map->header.records_virtual == 0)
		return "no call was recorded in it";
	if (page_walk(ram, map->header.cr3, map->header.header_virtual) != address)
		return "the guest's page tables do not lead to it (a copy, or paging with five "
		       "levels)";
	*wait = 0;
	fault = map_rings(map, ram);
	if (!fault)
		fault = map_records(map, ram);
	if (fault)
		ring_unmap(map);
	return fault;
}

void ring_unmap(struct ring_map *map)
{
	free(map->pages);
	map->pages = NULL;
}

/* The word of a record, which is 8-aligned and so never on two pages. */
static const uint64_t *word_at(const struct ring_map *map, uint64_t offset)
{
	if (map->flat)
		return (const uint64_t *)(map->flat + offset);
	offset += map->first_page_offset;
	return (const uint64_t *)(map->pages[offset / PAGE] + offset % PAGE);
}

static void copy(const struct ring_map *map, uint64_t offset, void *to, uint32_t size)
{
	uint64_t *words = to;

	for (uint32_t i = 0; i < size / 8; i++)
		words[i] = __atomic_load_n(word_at(map, offset + i * 8), __ATOMIC_RELAXED);
}

static enum ring_record state_of(uint64_t word, uint64_t sequence)
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

enum ring_record ring_read(const struct ring_map *map, uint32_t ring, uint64_t sequence, void *to)
{
	const struct acrn_ring_header *header = &map->header;
	uint64_t slot = sequence & (header->record_count - 1);
	uint64_t offset = ((uint64_t)ring * header->record_count + slot) * header->record_size;
	const uint64_t *word = word_at(map, offset);
	uint64_t before = __atomic_load_n(word, __ATOMIC_ACQUIRE), after;
	enum ring_record state = state_of(before, sequence);

	if (state == RING_NOT_YET || state == RING_GONE)
		return state;
	copy(map, offset, to, header->record_size);
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	after = __atomic_load_n(word, __ATOMIC_RELAXED);
	memcpy(to, &before, sizeof(before));
	if (after == before)
		return state;
	/* It moved on: once is enough to know more, and next time is soon. */
	return state_of(after, sequence) == RING_GONE ? RING_GONE : RING_NOT_YET;
}

uint64_t ring_claimed(const struct ring_map *map, uint32_t ring)
{
	return __atomic_load_n(&map->ring[ring]->claimed, __ATOMIC_ACQUIRE);
}

uint64_t ring_limit(const struct ring_map *map, uint32_t ring)
{
	return __atomic_load_n(&map->ring[ring]->limit, __ATOMIC_ACQUIRE);
}
