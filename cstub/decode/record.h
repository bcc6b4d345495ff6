/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reads a record, of a guest's ring or of version 2, to what it says: one form for both.
 *
 * The bytes are hostile and stay the caller's: a record refers to them.
 */
#ifndef DECODE_RECORD_H
#define DECODE_RECORD_H

#include <stddef.h>
#include <stdint.h>

#include "hypercall_record.h"
#include "table.h"

#define RECORD_CAPTURES 64 /* of one record, at each end of the call; more are not looked at */
#define RECORD_DONE	32 /* things that were done to a call; the same */

/* Memory as it was at one end of a call. */
struct capture {
	const uint8_t *bytes;
	uint32_t size;
	int is_first;	  /* of a ring: what the call's first PTR points at, wherever that is */
	uint64_t address; /* as the ABI has them; else */
	uint64_t wanted;  /* not 0: so many could not be read, and `bytes` say why */
};

/* A register that changed. */
struct change {
	uint8_t reg; /* enum hypercall_register */
	uint64_t before, after;
};

/* What was done on purpose; the text needs no escapes. */
struct done {
	uint8_t what, bits;
	uint64_t before, after;
	struct table_text text;
};

struct record {
	uint32_t abi; /* a row of abi.def */
	uint32_t ring;
	uint64_t sequence;
	uint8_t state;		    /* HYPERCALL_CALLED or _RETURNED */
	uint8_t clock;		    /* enum hypercall_clock */
	uint8_t arguments;	    /* how many are given; the others are 0 */
	uint32_t flags;		    /* HYPERCALL_FAULTED, _OVERWRITTEN */
	uint32_t vcpu, return_vcpu; /* HYPERCALL_UNKNOWN32 */
	uint64_t entry, leave;
	uint64_t site, cr3, rsp;
	uint64_t number, argument[HYPERCALL_ARGUMENTS], result;
	struct capture captured[2][RECORD_CAPTURES]; /* at the call, at the return */
	uint32_t captures[2];
	struct change changed[HYPERCALL_REGISTERS];
	uint32_t changes;
	struct done done[RECORD_DONE];
	uint32_t dones;
	int is_plugins; /* QEMU's plugin made it, which alone writes version 2 */
};

/* What a ring's header says of its records (struct acrn_ring_header), checked by whoever read it.
 */
struct ring_layout {
	uint64_t header_virtual;
	uint32_t record_size;
	uint16_t capture_offset, capture_bytes, changed_offset, changed_slots;
};

/* A ring's record of layout->record_size bytes. `overwritten`: before the call returned. */
void record_of_ring(struct record *record, const struct ring_layout *layout, const uint8_t *bytes,
		    uint32_t ring, int overwritten);

/* A record of version 2, of up to `size` bytes: how many it has, or 0 where it cannot be one. */
size_t record_of_bytes(struct record *record, const uint8_t *bytes, size_t size);

#endif
