/* SPDX-License-Identifier: BSD-3-Clause */
/* The machine's RAM as QEMU shares it through a file (memory-backend-file,share=on), read-only. */
#ifndef GUEST_RAM_H
#define GUEST_RAM_H

#include <stddef.h>
#include <stdint.h>

#define MAX_RAM_RANGES 64

/* Where a piece of the file is in guest-physical memory; all in bytes. */
struct ram_range {
	uint64_t address;
	uint64_t size;
	uint64_t offset;
};

struct guest_ram {
	const unsigned char *bytes; /* of the file */
	uint64_t size;
	int file;
	unsigned int ranges;
	struct ram_range range[MAX_RAM_RANGES];
};

/* Map the file. 0, or -1 with errno set. */
int ram_open(struct guest_ram *ram, const char *path);

/*
 * Add a range; -1 if it does not lie in the file, overflows, does not begin with a page in both, or
 * is one too many.
 */
int ram_add_range(struct guest_ram *ram, struct ram_range range);

/* `size` bytes at a guest-physical address, or NULL where that is not all RAM. */
const void *ram_at(const struct guest_ram *ram, uint64_t address, uint64_t size);

/* Where a search of all ranges is; all zero before it begins. */
struct ram_cursor {
	unsigned int range; /* its index */
	uint64_t at;	    /* the next page, bytes into the range */
	uint64_t known;	    /* up to there the file was asked, and has no hole */
};

/*
 * The address of the next page, in the order of the ranges; UINT64_MAX if there is no other. Holes
 * in the file are not touched, and stay holes. A piece of a page at the end of a range is none, if
 * it is less than a word.
 */
uint64_t ram_next(const struct guest_ram *ram, struct ram_cursor *cursor);

/*
 * The address of the next page that begins with `magic`; UINT64_MAX if there is no other. A whole
 * search looks at each page once, however many begin with it.
 */
uint64_t ram_search(const struct guest_ram *ram, struct ram_cursor *cursor, uint64_t magic);

#endif
