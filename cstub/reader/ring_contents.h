/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Tells what the rings of a guest that stands still have: calls, and what is wrong with the rest.
 *
 * Read in parts of a bounded size: a header may announce more than there is, and more than fits in
 * memory here.
 */
#ifndef RING_CONTENTS_H
#define RING_CONTENTS_H

#include "ring.h"

#define CONTENTS_TORN 64u	     /* sequence numbers that are remembered */
#ifndef CONTENTS_MOST		     /* fuzzing has few, to have records left out */
#define CONTENTS_MOST	 (1u << 20)  /* records that are read of all rings: the newest */
#define CONTENTS_AT_ONCE (64u << 10) /* bytes of records of one ring */
#endif

/* How many of one ring's slots were what. */
struct ring_tally {
	uint64_t kept;	    /* a call, returned or under way */
	uint64_t torn;	    /* half written */
	uint64_t unwritten; /* claimed, and the slot still has what was there before */
	uint64_t foreign;   /* nothing that the recorder writes */
	uint64_t unreadable;
	uint64_t left_out;		       /* too many to read */
	uint64_t torn_sequence[CONTENTS_TORN]; /* the first of them */
};

struct contents;

/*
 * All rings, one after the other, or their calls in order of time as far as each ring's order is.
 * The rings stay the caller's, who frees the contents. `*unreadable` is set where NULL is because
 * of the guest's memory, not of ours.
 */
struct contents *contents_new(const struct rings *rings, int by_time, int *unreadable);
void contents_free(struct contents *contents);

/*
 * The next calls: their rings, and their records of header.record_size bytes each. How many, of
 * the `room` that there is for; 0 at the end, and then the tallies are complete.
 */
uint32_t contents_next(struct contents *contents, uint32_t room, uint32_t *ring,
		       unsigned char *records);
const struct ring_tally *contents_tally(const struct contents *contents, uint32_t ring);

/*
 * The TSC at the entry of the newest call, by a look at the last of each ring; 0 for none. 1, or 0
 * if the counters cannot be read.
 */
int contents_newest(const struct rings *rings, uint64_t *entry);

#endif
