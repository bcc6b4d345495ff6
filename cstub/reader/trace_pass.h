/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Puts the records of a pass, which were read of several rings at the same time, in order.
 *
 * A batch is one block's records, in their ring's order; batches are merged by the time of entry.
 */
#ifndef TRACE_PASS_H
#define TRACE_PASS_H

#include <stddef.h>
#include <stdint.h>

#define PASS_MOST_BYTES	  (32u << 20) /* of blocks that are held to be put in order */
#define PASS_MOST_BATCHES 64u

struct trace_batch {
	uint8_t *payload; /* freed with the pass */
	const uint8_t *at, *end;
	uint32_t ring;
	uint32_t record_size; /* of a ring's records; 0: each is of version 2 and says its own */
	int is_overwritten;   /* flag of the block */
	int is_in_flight;     /* of calls that will come again when they are over */
	uint64_t offset;      /* of the block in its file */
};

struct trace_pass {
	struct trace_batch batch[PASS_MOST_BATCHES];
	uint32_t count;
	size_t bytes;
	uint64_t number;
	struct pass_head {
		uint64_t entry;
		uint32_t batch;
	} heap[PASS_MOST_BATCHES]; /* of the batches' next records, while it is drained */
	uint32_t heads;
	int is_drained; /* it has begun */
};

/* Whether a block of pass `number` and of so many bytes still belongs to it. */
int pass_has_room(const struct trace_pass *pass, uint64_t number, size_t bytes);

/* Add a batch of at least one record; its payload is the pass's now. */
void pass_add(struct trace_pass *pass, uint64_t number, const struct trace_batch *batch);

/*
 * The next record: its batch, whose `at` is behind it, and its size; NULL where there are no more.
 * The bytes stay until pass_end().
 */
const struct trace_batch *pass_next(struct trace_pass *pass, const uint8_t **record,
				    uint32_t *size);

/* Forget it all. */
void pass_end(struct trace_pass *pass);

#endif
