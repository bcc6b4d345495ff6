/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Follows the rings of a guest into a trace file: while it runs, or from stop to stop. Each
 * sequence number of a ring goes into the file once: in a record, or counted in a loss. The reading
 * position is here, never in the guest.
 */
#ifndef FOLLOWER_H
#define FOLLOWER_H

#include <stdint.h>

#include "ring.h"
#include "trace_writer.h"

/*
 * Of calls that have not returned: how many of one ring, and bytes of the copies of all. And bytes
 * of records that are read at once.
 */
#ifndef MAX_WAITING /* fuzzing has little, to have it used up */
#define MAX_WAITING	  1024u
#define MAX_WAITING_BYTES (64u << 20)
#define FOLLOW_AT_ONCE	  (64u << 10)
#endif

/* Where in one ring the reading is. */
struct position {
	struct acrn_ring now; /* its counters, at this pass */
	uint64_t next;	      /* all before it was read, lost, or waits */
	uint32_t waiting;     /* calls that wait for their return, oldest first */
	struct waiting_call {
		uint64_t sequence;
		int seen; /* the record was written, and copied */
		unsigned char *copy;
	} call[MAX_WAITING];
	struct acrn_trace_loss loss; /* the latest, not yet written */
};

struct follower {
	const struct rings *rings;
	struct trace_writer *writer;
	struct acrn_trace_rings said; /* of the rings, in the file */
	struct position *position;    /* one for each ring */
	unsigned char *copies;
	unsigned char *batch; /* records that were read at once, and what each is */
	enum ring_record *states;
	uint32_t most_at_once;
	uint32_t most_waiting; /* of one ring: MAX_WAITING, or fewer of very large records */
	uint64_t pass;
	uint64_t restarts; /* of the guest */
	int is_enabled;	   /* more calls may follow */
	int is_unreadable; /* memory, and so the pass ended before it had all */
};

/* Begin with every ring's first call; 0, or -1 if there is not enough memory. */
int follower_begin(struct follower *follower, const struct rings *rings,
		   struct trace_writer *writer, uint64_t tsc_hz, enum acrn_trace_clock clock);

/*
 * Read what is new in every ring; how many sequence numbers that was. Where memory cannot be read
 * `is_unreadable` is set, and the next pass goes on from there.
 */
uint64_t follower_pass(struct follower *follower);

/*
 * The guest is gone: count what it can have written since the latest pass, without having said so,
 * as lost. How many calls that is at most.
 */
uint64_t follower_lose_unread(struct follower *follower);

/* Nobody writes the rings any more: what waits is all that there will be of it. */
void follower_end(struct follower *follower);

void follower_free(struct follower *follower);

#endif
