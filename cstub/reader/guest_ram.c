/* SPDX-License-Identifier: BSD-3-Clause */
#define _GNU_SOURCE /* SEEK_DATA */
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "guest_ram.h"

#define PAGE 4096u

int ram_open(struct guest_ram *ram, const char *path)
{
	struct stat status;
	void *bytes;

	ram->file = open(path, O_RDONLY | O_CLOEXEC);
	if (ram->file < 0 || fstat(ram->file, &status))
		return -1;
	bytes = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_SHARED, ram->file, 0);
	if (bytes == MAP_FAILED)
		return -1;
	ram->bytes = bytes;
	ram->size = (uint64_t)status.st_size;
	return 0;
}

int ram_add_range(struct guest_ram *ram, struct ram_range range)
{
	if (ram->ranges == MAX_RAM_RANGES || range.size == 0 || range.offset > ram->size ||
	    range.size > ram->size - range.offset || range.address > UINT64_MAX - range.size ||
	    range.address % PAGE || range.offset % PAGE)
		return -1;
	ram->range[ram->ranges++] = range;
	return 0;
}

const void *ram_at(const struct guest_ram *ram, uint64_t address, uint64_t size)
{
	for (unsigned int i = 0; i < ram->ranges; i++) {
		const struct ram_range *range = &ram->range[i];
		uint64_t distance = address - range->address;

		if (address >= range->address && distance < range->size &&
		    size <= range->size - distance)
			return ram->bytes + range->offset + distance;
	}
	return NULL;
}

/* The page of the first byte from `at` on that is not in a hole; `end` if there is none. */
static uint64_t next_data(const struct guest_ram *ram, uint64_t at, uint64_t end)
{
	off_t data = lseek(ram->file, (off_t)at, SEEK_DATA);

	if (data < 0)
		return errno == ENXIO ? end : at; /* no more data; or a file that knows no holes */
	return (uint64_t)data & ~(uint64_t)(PAGE - 1);
}

static uint64_t next_hole(const struct guest_ram *ram, uint64_t at, uint64_t end)
{
	off_t hole = lseek(ram->file, (off_t)at, SEEK_HOLE);

	return hole < 0 || (uint64_t)hole > end ? end : (uint64_t)hole;
}

/*
 * The cursor's next page that is not a hole, and step over it; 0 if its range has no other. There
 * may be a hole where data was found: one that is smaller than a page, or that a balloon just made.
 */
static int next_page(const struct guest_ram *ram, struct ram_cursor *cursor, uint64_t *page)
{
	const struct ram_range *range = &ram->range[cursor->range];
	uint64_t begin = range->offset, end = begin + range->size;

	if (cursor->at >= cursor->known && cursor->at < range->size) {
		uint64_t data = next_data(ram, begin + cursor->at, end);

		cursor->at = data - begin;
		cursor->known = next_hole(ram, data, end) - begin;
	}
	*page = cursor->at;
	cursor->at += PAGE;
	return *page < range->size && range->size - *page >= sizeof(uint64_t);
}

uint64_t ram_next(const struct guest_ram *ram, struct ram_cursor *cursor)
{
	uint64_t page;

	while (cursor->range < ram->ranges) {
		if (next_page(ram, cursor, &page))
			return ram->range[cursor->range].address + page;
		*cursor = (struct ram_cursor){.range = cursor->range + 1};
	}
	return UINT64_MAX;
}

uint64_t ram_search(const struct guest_ram *ram, struct ram_cursor *cursor, uint64_t magic)
{
	uint64_t at;

	while ((at = ram_next(ram, cursor)) != UINT64_MAX) {
		const volatile uint64_t *word = ram_at(ram, at, sizeof(*word));

		if (word && *word == magic)
			return at;
	}
	return UINT64_MAX;
}
