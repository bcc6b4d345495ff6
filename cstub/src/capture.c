/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The first bytes of an argument structure, into a record whose slot is taken: with the entry half
 * what the call reads, with the return half what it wrote. What is secret is zeros from the start.
 */
#include "acrn_ring_writer.h"

#if ACRN_RING_CAPTURE
static uint8_t byte_of(const struct acrn_captured_ *captured, const void *object, uint32_t at)
{
	if (at - captured->secret < captured->secret_bytes)
		return 0;
	return ((const uint8_t *)object)[at];
}

/* Eight bytes a store; the last store may go beyond `bytes`, not beyond the room. */
static uint32_t copy(uint8_t *to, const struct acrn_captured_ *captured, const void *object,
		     uint32_t bytes)
{
	uint32_t size = bytes < ACRN_RING_CAPTURE ? bytes : ACRN_RING_CAPTURE;

	for (uint32_t start = 0; start < size; start += 8) {
		uint64_t value = 0;

		for (uint32_t i = 0; i < 8 && start + i < size; i++)
			value |= (uint64_t)byte_of(captured, object, start + i) << (8 * i);
		acrn_store_((uint64_t *)(to + start), value);
	}
	return size;
}

static struct acrn_capture *capture_of(struct acrn_record *record)
{
	return (struct acrn_capture *)((char *)record + ACRN_CAPTURE_OFFSET_);
}

uint64_t acrn_ring_capture_in_(struct acrn_record *record, const struct acrn_captured_ *captured)
{
	struct acrn_capture *capture = capture_of(record);
	uint32_t size;

	if (!captured->in_bytes)
		return 0;
	size = copy(capture->bytes, captured, captured->in, captured->in_bytes);
	__atomic_store_n(&capture->in_bytes, (uint16_t)size, __ATOMIC_RELAXED);
	return (uint64_t)ACRN_RECORD_CAPTURED_IN << ACRN_FLAGS_SHIFT_;
}

void acrn_ring_capture_out_(struct acrn_record *record, const struct acrn_captured_ *captured)
{
	struct acrn_capture *capture = capture_of(record);
	uint32_t size;

	if (!captured->out_bytes)
		return;
	size = copy(capture->bytes + ACRN_RING_CAPTURE, captured, captured->out,
		    captured->out_bytes);
	__atomic_store_n(&capture->out_bytes, (uint16_t)size, __ATOMIC_RELAXED);
	acrn_add_flags_(record, ACRN_RECORD_CAPTURED_OUT);
}
#else
uint64_t acrn_ring_capture_in_(struct acrn_record *record, const struct acrn_captured_ *captured)
{
	(void)record, (void)captured;
	return 0;
}

void acrn_ring_capture_out_(struct acrn_record *record, const struct acrn_captured_ *captured)
{
	(void)record, (void)captured;
}
#endif
