/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Follows the rings of a running guest into a trace file. Each sequence number of a ring goes into
 * the file once: in a record, or counted in a loss.
 */
#ifndef FOLLOWER_H
#define FOLLOWER_H

#include <stdint.h>

#include "ring_map.h"
#include "trace_writer.h"

/* Of calls that have not returned: how many of one ring, and bytes of the copies of all. */
#ifndef MAX_WAITING /* fuzzing has little, to have it used up */
#define MAX_WAITING	  1024u
#define MAX_WAITING_BYTES (64u << 20)
#endif

/* Where in one ring the reading is. */
struct position {
	uint64_t next;	  /* all before it was read, lost, or waits */
	uint32_t waiting; /* calls that wait for their return, oldest first */
	struct waiting_call {
		uint64_t sequence;
		int seen; /* the record was written, and copied */
		unsigned char *copy;
	} call[MAX_WAITING];
	struct acrn_trace_loss loss; /* the latest, not yet written */
};

struct follower {
	const struct ring_map *map;
	struct trace_writer *writer;
	struct acrn_trace_rings rings; /* what the file says of them */
	struct position *position;     /* one for each ring */
	unsigned char *copies;
	uint32_t most_waiting; /* of one ring: MAX_WAITING, or fewer of very large records */
	uint64_t pass;
	uint64_t restarts; /* of the guest */
};

/* Begin with every ring's first call; 0, or -1 if there is not enough memory. */
int follower_begin(struct follower *follower, const struct ring_map *map,
		   struct trace_writer *writer, uint64_t tsc_hz, enum acrn_trace_clock clock);

/* Read what is new in every ring; how many sequence numbers that was. */
uint64_t follower_pass(struct follower *follower);

/* Nobody writes the rings any more: what waits is all that there will be of it. */
void follower_end(struct follower *follower);

#endif
