/* SPDX-License-Identifier: BSD-3-Clause */
/* Puts the records of a pass in order: a heap of the batches' next records. */
#include <stdlib.h>

#include "acrn_ring.h"
#include "bytes.h"
#include "hypercall_record.h"
#include "trace_pass.h"

int pass_has_room(const struct trace_pass *pass, uint64_t number, size_t bytes)
{
	return number == pass->number && pass->count < PASS_MOST_BATCHES &&
	       pass->bytes + bytes <= PASS_MOST_BYTES;
}

void pass_add(struct trace_pass *pass, uint64_t number, const struct trace_batch *batch)
{
	pass->number = number;
	pass->bytes += (size_t)(batch->end - batch->at);
	pass->batch[pass->count++] = *batch;
}

static uint64_t entry_of(const struct trace_batch *batch)
{
	return load64(batch->at + (batch->record_size ? offsetof(struct acrn_record, tsc_entry)
						      : offsetof(struct hypercall_record, entry)));
}

/* Of two calls at the same time, that of the batch that was read first comes first. */
static int is_before(const struct pass_head *one, const struct pass_head *other)
{
	return one->entry != other->entry ? one->entry < other->entry : one->batch < other->batch;
}

/* Let the head at `at` down to where none below it comes before it. */
static void sift(struct trace_pass *pass, uint32_t at)
{
	struct pass_head moved = pass->heap[at];
	uint32_t below;

	while ((below = 2 * at + 1) < pass->heads) {
		if (below + 1 < pass->heads &&
		    is_before(&pass->heap[below + 1], &pass->heap[below]))
			below++;
		if (!is_before(&pass->heap[below], &moved))
			break;
		pass->heap[at] = pass->heap[below];
		at = below;
	}
	pass->heap[at] = moved;
}

static void begin(struct trace_pass *pass)
{
	pass->is_drained = 1;
	pass->heads = pass->count;
	for (uint32_t i = 0; i < pass->count; i++)
		pass->heap[i] = (struct pass_head){entry_of(&pass->batch[i]), i};
	for (uint32_t i = pass->heads / 2; i--;)
		sift(pass, i);
}

const struct trace_batch *pass_next(struct trace_pass *pass, const uint8_t **record, uint32_t *size)
{
	struct pass_head *first = pass->heap;
	struct trace_batch *batch;

	if (!pass->is_drained)
		begin(pass);
	if (!pass->heads)
		return NULL;
	batch = &pass->batch[first->batch];
	*record = batch->at;
	*size = batch->record_size ? batch->record_size : load32(batch->at);
	batch->at += *size;
	if (batch->at < batch->end)
		first->entry = entry_of(batch);
	else
		*first = pass->heap[--pass->heads];
	sift(pass, 0);
	return batch;
}

void pass_end(struct trace_pass *pass)
{
	for (uint32_t i = 0; i < pass->count; i++)
		free(pass->batch[i].payload);
	pass->count = pass->heads = 0;
	pass->bytes = 0;
	pass->is_drained = 0;
}
