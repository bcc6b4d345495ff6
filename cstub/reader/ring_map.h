/* SPDX-License-Identifier: BSD-3-Clause */
/* Maps a guest's rings, found in its RAM: no page table is looked at again. */
#ifndef RING_MAP_H
#define RING_MAP_H

#include "guest_ram.h"
#include "nested_tables.h"
#include "page_walk.h"
#include "ring.h"

/* What is contiguous in the guest's virtual memory, eight-aligned. */
struct ring_object {
	uint64_t address; /* virtual */
	uint64_t bytes;
	const unsigned char **pages; /* each page of it, in this process's memory */
};

struct ring_map {
	struct rings rings; /* to be read by */
	struct ring_object records;
	struct ring_object header;   /* with the counters */
	struct paging paging;	     /* of the guest that has them */
	char fault[RING_FAULT_SIZE]; /* of the header */
};

/*
 * Map the rings whose header is at an address in RAM, through the page tables that it names: those
 * of the machine, or of a guest below one of the nested page tables. That is the one through which
 * they lead to the header. NULL, or why that cannot be done; then nothing is left to unmap. `*wait`
 * is set if it may be possible later. The map stays where it is: its rings refer to it.
 */
const char *ring_map(struct ring_map *map, const struct guest_ram *ram,
		     const struct nested_tables *nested, uint64_t address, int *wait);

void ring_unmap(struct ring_map *map);

#endif
