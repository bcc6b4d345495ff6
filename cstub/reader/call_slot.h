/* SPDX-License-Identifier: BSD-3-Clause */
/* Holds one decoded call and all that it refers to, in memory that grows with what calls take. */
#ifndef CALL_SLOT_H
#define CALL_SLOT_H

#include <stddef.h>
#include <stdint.h>

#include "call.h"

#define SLOT_LEAST   (1u << 16) /* bytes for a call's values; doubled until it has room */
#define SLOT_MOST    (64u << 20)
#define SLOT_SAYINGS (1u << 19) /* bytes for findings that are added afterwards */

struct call_slot {
	struct call call;
	int is_entry;	      /* of a call in flight that comes again when it is over */
	struct record record; /* to be filled before the call is decoded */
	const struct table *table;
	struct arena arena;
	uint8_t *memory;
	size_t size;
	uint8_t bytes[HYPERCALL_RECORD_MOST]; /* a copy, that the record may refer to */
};

/* 0, or -1 without memory. */
int slot_init(struct call_slot *slot);
void slot_free(struct call_slot *slot);

/* Decode the slot's record, as long as it takes. 0, or -1 where it takes too much memory. */
int slot_decode(struct call_slot *slot, const struct table *table,
		const struct circumstances *with);

#endif
