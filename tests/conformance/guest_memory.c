/* SPDX-License-Identifier: BSD-3-Clause */
#include "guest_memory.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define PAGE	   UINT64_C(4096)
#define MOST_PAGES 65536u /* 256 MiB of different pages in one case are no recording */
#define BUCKETS	   1024u

struct page {
	struct page *next;
	uint64_t number;
	bool changed; /* since the mark; then `before` is what it was there */
	uint8_t now[PAGE];
	uint8_t before[PAGE];
};

struct guest_memory {
	struct page *bucket[BUCKETS];
	size_t pages;
};

struct guest_memory *guest_memory_new(void)
{
	return calloc(1, sizeof(struct guest_memory));
}

void guest_memory_free(struct guest_memory *memory)
{
	for (size_t i = 0; memory && i < BUCKETS; i++) {
		for (struct page *page = memory->bucket[i], *next; page; page = next) {
			next = page->next;
			free(page);
		}
	}
	free(memory);
}

static struct page *find(const struct guest_memory *memory, uint64_t number)
{
	struct page *page = memory->bucket[number % BUCKETS];

	while (page && page->number != number)
		page = page->next;
	return page;
}

static struct page *make(struct guest_memory *memory, uint64_t number)
{
	struct page *page = find(memory, number);

	if (page)
		return page;
	if (memory->pages == MOST_PAGES || !(page = calloc(1, sizeof(*page))))
		return NULL;
	page->number = number;
	page->next = memory->bucket[number % BUCKETS];
	memory->bucket[number % BUCKETS] = page;
	memory->pages++;
	return page;
}

int guest_memory_read(void *opaque, uint64_t gpa, void *to, size_t size)
{
	const struct page *page = find(opaque, gpa / PAGE);

	if (page)
		memcpy(to, page->now + gpa % PAGE, size);
	else
		memset(to, 0, size);
	return 0;
}

int guest_memory_write(void *opaque, uint64_t gpa, const void *from, size_t size)
{
	struct page *page = make(opaque, gpa / PAGE);

	if (!page)
		return -1;
	if (!page->changed)
		memcpy(page->before, page->now, PAGE);
	page->changed = true;
	memcpy(page->now + gpa % PAGE, from, size);
	return 0;
}

void guest_memory_mark(struct guest_memory *memory)
{
	for (size_t i = 0; i < BUCKETS; i++)
		for (struct page *page = memory->bucket[i]; page; page = page->next)
			page->changed = false;
}

static void add(struct changes *changes, uint64_t address, uint8_t value)
{
	if (!(changes->count & (changes->count - 1))) {
		size_t room = changes->count ? 2 * changes->count : 1;

		changes->byte = realloc(changes->byte, room * sizeof(*changes->byte));
		if (!changes->byte)
			abort();
	}
	changes->byte[changes->count++] = (struct changed_byte){address, value};
}

struct changes guest_memory_changes(const struct guest_memory *memory)
{
	struct changes changes = {0};

	for (uint64_t number = WATCHED_START / PAGE; number < WATCHED_END / PAGE; number++) {
		const struct page *page = find(memory, number);

		for (size_t i = 0; page && page->changed && i < PAGE; i++)
			if (page->now[i] != page->before[i])
				add(&changes, number * PAGE + i, page->now[i]);
	}
	return changes;
}
