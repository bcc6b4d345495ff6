/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The ring: what a guest writes about each hypercall it makes, for a reader outside the guest.
 *
 * This is the format; docs/ring.md says how it is read. A header (symbol acrn_ring_header, aligned
 * to a page) is followed by the state of each ring (struct acrn_ring, `ring_size` bytes apart, from
 * `header_size` on). The records are an object of their own at `records_virtual`: those of ring r
 * start `r * record_count * record_size` bytes into it, and the call with sequence number s is
 * record s % record_count of its ring. A reader takes sizes, counts and offsets from the header,
 * never from here: guests differ in them.
 *
 * Little-endian; every field is naturally aligned and written by one store, of its size or of it
 * and its neighbours'. A record's word says whether the rest of it can be believed:
 *
 *   word = sequence << ACRN_WORD_SEQUENCE_SHIFT | state
 *
 *   EMPTY       0, as linked: never used
 *   WRITING     nothing else in the record is valid
 *   CALLED      the call is under way: all but result and tsc_return is valid
 *   RETURNING   the same; result and tsc_return, flags and what follows are being written
 *   RETURNED    all is valid
 *
 * One sequence number goes through the states in this order and never back, and the number of a
 * record only grows. So a reader of a running guest copies the record between two reads of the
 * word: if both are the same, what is valid in that state is valid in the copy.
 *
 * Nothing here makes code; for guests (acrn_recorder.h) and readers alike.
 */
#ifndef ACRN_RING_H
#define ACRN_RING_H

#include <stdint.h>

#define ACRN_RING_MAGIC	  0x474e49524e524341 /* the bytes "ACRNRING" */
#define ACRN_RING_VERSION 1		     /* a reader refuses any other */

struct acrn_ring_header {
	uint64_t magic;
	uint32_t version;
	uint32_t header_size;  /* bytes from the header to the first struct acrn_ring */
	uint32_t ring_size;    /* bytes from one struct acrn_ring to the next */
	uint32_t ring_count;   /* 1, or one for each vCPU */
	uint32_t record_size;  /* bytes, a multiple of 64 */
	uint32_t record_count; /* of each ring, a power of two */
	uint32_t mode;	       /* enum acrn_ring_mode */
	uint32_t enabled;      /* 0: calls are not recorded; guest or debugger may write it */
	uint32_t mark;	       /* acrn_ring_watermark() is called every so many records of a ring */
	uint32_t tsc_khz;      /* 0: unknown */
	uint16_t capture_offset; /* of struct acrn_capture in a record; 0: there is none */
	uint16_t capture_bytes;	 /* room in each of its two halves */
	uint16_t changed_offset; /* of struct acrn_changed in a record; 0: there is none */
	uint16_t changed_slots;	 /* registers it has room for */

	/*
	 * Written at each `mark` records of a ring, zero before the very first. The page tables
	 * decide where a physical address says otherwise: it is what the guest's ACRN_GPA makes of
	 * the virtual one.
	 */
	uint64_t cr3;
	uint64_t header_virtual;
	uint64_t header_physical;
	uint64_t records_virtual;
	uint64_t records_physical;
	uint64_t reserved[4];
};

enum acrn_ring_mode {
	ACRN_RING_OVERWRITES = 0, /* the oldest record */
	ACRN_RING_STOPS = 1,	  /* at `limit` */
};

/*
 * One ring. Every call recorded takes the next sequence number, from 0; a number whose call is not
 * in the ring's last record_count records was overwritten, or is counted in `lost`.
 */
struct acrn_ring {
	uint64_t claimed; /* sequence numbers taken so far; a record may not be written yet */
	uint64_t limit;	  /* sequence numbers from here on are lost; a reader that has drained the
			     ring may raise it (with mode ACRN_RING_STOPS) */
	uint64_t lost;	  /* calls never written: beyond the limit, or the slot was in use */
	uint64_t lapped;  /* calls whose record was overwritten before they returned */
	uint64_t reserved[4];
};

enum acrn_record_state {
	ACRN_RECORD_EMPTY = 0,
	ACRN_RECORD_WRITING = 1,
	ACRN_RECORD_CALLED = 2,
	ACRN_RECORD_RETURNING = 3,
	ACRN_RECORD_RETURNED = 4,
};

#define ACRN_WORD_STATE_MASK	 7
#define ACRN_WORD_SEQUENCE_SHIFT 3

struct acrn_record {
	uint64_t word;
	uint64_t tsc_entry;
	uint64_t tsc_return;
	uint64_t number;
	uint64_t arg1; /* RDI */
	uint64_t arg2; /* RSI */
	uint64_t result;
	union {
		struct {
			uint32_t site;	/* low half of the VMCALL's address, which is within 2 GiB
					   of header_virtual */
			uint16_t vcpu;	/* where the call was made; ACRN_VCPU_UNKNOWN */
			uint16_t flags; /* ACRN_RECORD_*; a reader ignores those it does not know */
		};
		uint64_t where; /* all three, as they are written */
	};
};

#define ACRN_VCPU_UNKNOWN 0xffff

/* Bits of acrn_record.flags. FAULTED, CHANGED and CAPTURED_OUT come with the return. */
#define ACRN_RECORD_ARGUMENTS	 0x0003 /* how many were passed; the others' fields mean nothing */
#define ACRN_RECORD_FAULTED	 0x0004 /* VMCALL itself raised #UD or #GP: result means nothing */
#define ACRN_RECORD_CHANGED	 0x0008 /* registers are changed: struct acrn_changed is valid */
#define ACRN_RECORD_CAPTURED_IN	 0x0010 /* acrn_capture's in_bytes and first half are valid */
#define ACRN_RECORD_CAPTURED_OUT 0x0020 /* out_bytes and the second half */

/*
 * The first bytes of the argument structure that the call table names, as they were at the call
 * (in, inout) and at the return (out, inout). Secrets are zeros here already; what may be one, or
 * is behind the end that the structure says it has, is not here (acrn_sizes.def).
 */
struct acrn_capture {
	uint16_t in_bytes;  /* captured, at most the header's capture_bytes */
	uint16_t out_bytes; /* the same */
	uint32_t reserved;
	uint8_t bytes[]; /* capture_bytes of each half, one after the other */
};

/*
 * The registers that the call left changed, RAX aside. Bit n: register n in the processor's order
 * (rax rcx rdx rbx rsp rbp rsi rdi r8...r15); bit 16: RFLAGS. The values are those of the lowest
 * `changed_slots` bits set, in the order of the bits.
 */
struct acrn_changed {
	uint32_t registers;
	uint32_t reserved;
	struct {
		uint64_t before, after;
	} values[];
};

#define ACRN_CHANGED_RFLAGS 16

_Static_assert(sizeof(struct acrn_ring_header) == 128, "readers count on it");
_Static_assert(__builtin_offsetof(struct acrn_ring_header, cr3) == 56, "readers count on it");
_Static_assert(sizeof(struct acrn_ring) == 64, "readers count on it");
_Static_assert(sizeof(struct acrn_record) == 64, "readers count on it");
_Static_assert(__builtin_offsetof(struct acrn_record, site) == 56, "readers count on it");
_Static_assert(sizeof(struct acrn_capture) == 8, "readers count on it");
_Static_assert(sizeof(struct acrn_changed) == 8, "readers count on it");

#endif
