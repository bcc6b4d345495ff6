/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The memory that a record has of its call, for the decoder to read as it would the guest's; and
 * what writes such a record: it remembers what the decoder reads of the guest's.
 *
 * So a call that was decoded where it was made is decoded again to the same, by the same reads.
 */
#ifndef DECODE_CAPTURED_MEMORY_H
#define DECODE_CAPTURED_MEMORY_H

#include "memory.h"
#include "record.h"

#define CAPTURED_WHY 255 /* characters of why something could not be read */

struct captured_memory {
	const struct record *record;
	int side; /* 0: as at the call, 1: as at the return, where what is the same is not twice */
	char why[CAPTURED_WHY + 1];
	struct memory memory; /* that reads it */
};

void captured_memory_of(struct captured_memory *captured, const struct record *record, int side);

/* What the decoder has read: bytes in its arena, or why they could not be. */
struct reading {
	uint64_t address;
	uint32_t size;
	uint32_t why_size;
	const uint8_t *bytes; /* NULL: `why` */
	const char *why;
};

struct capturing {
	const struct memory *from;
	struct reading readings[RECORD_CAPTURES];
	uint32_t count;
	char whys[8 * CAPTURED_WHY];
	uint32_t used;	      /* of `whys` */
	struct memory memory; /* that reads `from` */
};

/* Nothing was read yet. What is read later must stay where the decoder puts it. */
void capturing_begin(struct capturing *capturing, const struct memory *from);

/*
 * Write what was read as blocks of a record: `side` as above, `record` is what that has already of
 * the call. How many bytes: a block that does not fit in `room` is left out.
 */
uint32_t capturing_end(const struct capturing *capturing, const struct record *record, int side,
		       uint8_t *to, uint32_t room);

#endif
