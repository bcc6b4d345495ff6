/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reads a guest's rings through a function that reads its virtual memory: RAM that is shared, a
 * dump, a debugger's stub. The guest is hostile: the header is a copy that was checked, and never
 * looked at again; counters and records may say anything.
 */
#ifndef RING_H
#define RING_H

#include <stdint.h>

#include "ring_header.h"

struct rings {
	/*
	 * Copy memory: 1, or 0 if not all of it can be read. Of a guest that runs upwards, eight
	 * bytes at once, each read but once and not before those below: addresses and sizes are
	 * multiples of eight then.
	 */
	int (*read)(void *context, uint64_t address, void *to, uint32_t size);
	void *context;
	uint64_t address; /* virtual, of the header */
	uint64_t runs;	  /* 0: the guest stands still, and one look at a record is enough */
	struct acrn_ring_header header; /* without a fault */
};

enum ring_record {
	RING_RETURNED,	/* complete */
	RING_IN_FLIGHT, /* result and what follows mean nothing */
	RING_NOT_YET,	/* claimed, but not written */
	RING_GONE,	/* overwritten */
};

/* What a record is whose word is `word`, for whom looks for the call `sequence`. */
enum ring_record ring_state(uint64_t word, uint64_t sequence);

/* The counters of a ring, as they are now, in the order of the structure. 1, or 0: unreadable. */
int ring_counters(const struct rings *rings, uint32_t ring, struct acrn_ring *counters);

/* Whether calls are recorded now: 1 or 0; -1: unreadable. */
int ring_is_enabled(const struct rings *rings);

/*
 * Copy the slots of the calls from `first` on, of which the ring has room for all; `to` has
 * header.record_size bytes for each. 1, or 0: unreadable.
 */
int ring_slots(const struct rings *rings, uint32_t ring, uint64_t first, uint32_t count,
	       unsigned char *to);

/* The same, and what each is: what is not RING_RETURNED or RING_IN_FLIGHT is not to be used. */
int ring_read(const struct rings *rings, uint32_t ring, uint64_t first, uint32_t count,
	      unsigned char *to, enum ring_record *state);

#endif
