/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A guest's rings, found in its RAM. The guest is hostile: the header is copied, checked, and never
 * looked at again; afterwards only records and counters are read, and each may say anything.
 */
#ifndef RING_MAP_H
#define RING_MAP_H

#include <stddef.h>
#include <stdint.h>

#include "acrn_ring.h"
#include "guest_ram.h"
#include "ring_header.h"

struct ring_map {
	struct acrn_ring_header header;
	const struct acrn_ring *ring[RING_MAX_RINGS];
	const unsigned char *flat;   /* the records, if they are contiguous in the file; or NULL */
	const unsigned char **pages; /* else each page of them */
	uint64_t first_page_offset;  /* of the first record in its page */
	char fault[RING_FAULT_SIZE]; /* of the header */
};

enum ring_record {
	RING_RETURNED,	/* copied, complete */
	RING_IN_FLIGHT, /* copied; result and what follows mean nothing */
	RING_NOT_YET,	/* claimed, but not written */
	RING_GONE,	/* overwritten */
};

/*
 * Map the rings whose header is at a guest-physical address, through the page tables that it names.
 * NULL, or why that cannot be done; then nothing is left to unmap. `*wait` is set if it may be
 * possible later.
 */
const char *ring_map(struct ring_map *map, const struct guest_ram *ram, uint64_t address,
		     int *wait);

void ring_unmap(struct ring_map *map);

/* Copy a call's record to `to` (header.record_size bytes). */
enum ring_record ring_read(const struct ring_map *map, uint32_t ring, uint64_t sequence, void *to);

/* The guest's counters, as they are now. */
uint64_t ring_claimed(const struct ring_map *map, uint32_t ring);
uint64_t ring_limit(const struct ring_map *map, uint32_t ring);

#endif
