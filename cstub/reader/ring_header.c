/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>

#include "ring_header.h"

#define PAGE 4096u

static int is_outside(uint32_t offset, uint32_t size, uint32_t record_size)
{
	return offset &&
	       (offset < sizeof(struct acrn_record) || offset % 8 || offset + size > record_size);
}

static int is_no_size(uint32_t size, uint32_t least, uint32_t most, uint32_t unit)
{
	return size < least || size > most || size % unit;
}

const char *ring_header_fault(const struct acrn_ring_header *header, char text[RING_FAULT_SIZE])
{
	uint32_t rings = header->ring_count, size = header->record_size;
	uint32_t count = header->record_count;
	uint32_t capture = 8u + 2u * header->capture_bytes;
	uint32_t changed = 8u + 16u * header->changed_slots;
	const struct {
		int is_wrong;
		const char *what; /* may have a place for the value */
		uint32_t value;
	} checks[] = {
		{header->magic != ACRN_RING_MAGIC, "there is no ring header", 0},
		{header->version != ACRN_RING_VERSION, "its version is %u, and this reader knows 1",
		 header->version},
		{is_no_size(header->header_size, sizeof(*header), PAGE, 8),
		 "its header_size, %u, cannot be right", header->header_size},
		{is_no_size(header->ring_size, sizeof(struct acrn_ring), PAGE, 8),
		 "its ring_size, %u, cannot be right", header->ring_size},
		{is_no_size(rings, 1, RING_MAX_RINGS, 1), "its ring_count, %u, is not 1 to 256",
		 rings},
		{is_no_size(size, sizeof(struct acrn_record), RING_MAX_RECORD_SIZE, 64),
		 "its record_size, %u, is no multiple of 64 up to 4096", size},
		{is_no_size(count, 1, RING_MAX_RECORDS, 1) || count & (count - 1),
		 "its record_count, %u, is no power of two up to 16777216", count},
		{(uint64_t)rings * count * size > RING_MAX_BYTES, "its records are more than 1 GiB",
		 0},
		{is_outside(header->capture_offset, capture, size) ||
			 is_outside(header->changed_offset, changed, size),
		 "what it says to be in a record is outside of it", 0},
	};

	for (unsigned int i = 0; i < sizeof(checks) / sizeof(*checks); i++)
		if (checks[i].is_wrong) {
			snprintf(text, RING_FAULT_SIZE, checks[i].what, checks[i].value);
			return text;
		}
	return NULL;
}
