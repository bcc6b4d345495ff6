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
	    range.size > ram->size - range.offset || range.address > UINT64_MAX - range.size)
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

/* The first offset from `at` on whose page is not a hole; `end` if there is none. */
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

uint64_t ram_search(const struct guest_ram *ram, unsigned int index, uint64_t from, uint64_t magic)
{
	const struct ram_range *range = &ram->range[index];
	uint64_t end = range->offset + range->size, at = range->offset;

	if (from > range->address)
		at += from - range->address;
	at = (at + PAGE - 1) & ~(uint64_t)(PAGE - 1);
	while (at < end) {
		uint64_t hole;

		at = next_data(ram, at, end);
		for (hole = next_hole(ram, at, end); at < hole; at += PAGE)
			if (*(const volatile uint64_t *)(ram->bytes + at) == magic)
				return range->address + (at - range->offset);
	}
	return UINT64_MAX;
}
