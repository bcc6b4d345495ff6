/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The trace file: recorded calls on disk. docs/trace-file.md is the specification.
 *
 * A file is a row of blocks, each with its length and checksum, and is only ever appended to: it
 * can be read while it grows, and up to the last whole block after its writer died. The first block
 * is the header. Little-endian; what is reserved is 0 and ignored by readers, as are kinds of
 * blocks and bits of flags that they do not know.
 */
#ifndef ACRN_TRACE_FILE_H
#define ACRN_TRACE_FILE_H

#include <stdint.h>

#include "acrn_ring.h"

/* A reader refuses any other. What writes records of version 2 (hypercall_record.h) writes the
 * second: WRITERS and CALLS in place of RINGS and RECORDS. */
#define ACRN_TRACE_VERSION   1
#define ACRN_TRACE_VERSION_2 2

/* First in every block, and so in the file: the bytes 89 'A' 'T' 'B'. */
#define ACRN_TRACE_BLOCK_MAGIC 0x42544189u

#define ACRN_TRACE_MAX_PAYLOAD (1u << 20) /* bytes; a reader refuses more */

struct acrn_trace_block {
	uint32_t magic;
	uint32_t kind;	   /* enum acrn_trace_kind */
	uint32_t size;	   /* of the payload that follows, in bytes */
	uint32_t checksum; /* CRC-32 (IEEE 802.3, as zlib's) of kind, size and payload */
};

enum acrn_trace_kind {
	ACRN_TRACE_HEADER = 1,	/* struct acrn_trace_header, then ACRN_TRACE_LAYOUT */
	ACRN_TRACE_TABLE = 2,	/* the call table in use: lines in the grammar of acrn.def */
	ACRN_TRACE_SITES = 3,	/* a line a site: address, line, file, function; tabs between */
	ACRN_TRACE_RINGS = 4,	/* struct acrn_trace_rings: the records that follow come from it */
	ACRN_TRACE_RECORDS = 5, /* struct acrn_trace_records, then records as they are in a ring */
	ACRN_TRACE_LOSS = 6,	/* struct acrn_trace_loss */
	ACRN_TRACE_END = 7,	/* struct acrn_trace_end: the writer ended as it should */
	ACRN_TRACE_WRITERS = 8, /* struct acrn_trace_writers: as RINGS, for CALLS; version 2 */
	ACRN_TRACE_CALLS = 9,	/* struct acrn_trace_records, then records of version 2 */
	ACRN_TRACE_IN_FLIGHT =
		10, /* the same, of calls whose records come later, when they are over */
};

struct acrn_trace_header {
	uint16_t version;
	uint16_t size;	      /* of this structure; the layout's text begins there */
	uint32_t table_check; /* CRC-32 of the TABLE block's payload; 0: there is none */
	uint64_t started;     /* host time, nanoseconds since the epoch */
};

/*
 * How a record begins, as the header's text says it: type, name and newline of each field. What
 * follows it is where the RINGS block says (acrn_ring.h: struct acrn_capture, struct acrn_changed).
 */
#define ACRN_TRACE_LAYOUT                                                                          \
	"u64 word\nu64 tsc_entry\nu64 tsc_return\nu64 number\nu64 arg1\nu64 arg2\nu64 result\n"    \
	"u32 site\nu16 vcpu\nu16 flags\n"

/* The same of struct hypercall_record, in files of version 2. */
#define ACRN_TRACE_LAYOUT_2                                                                        \
	"u32 size\nu8 version\nu8 state\nu8 clock\nu8 arguments\nu32 abi\nu32 flags\nu32 ring\n"   \
	"u32 reserved\nu32 vcpu\nu32 return_vcpu\nu64 sequence\nu64 entry\nu64 leave\nu64 site\n"  \
	"u64 cr3\nu64 rsp\nu64 number\nu64[6] argument\nu64 result\nu64[2] reserved_too\n"

enum acrn_trace_clock {
	ACRN_TRACE_CLOCK_UNKNOWN = 0, /* tsc_hz is 0 */
	ACRN_TRACE_CLOCK_GUEST = 1,   /* the guest said so, in the ring's header */
	ACRN_TRACE_CLOCK_USER = 2,    /* whoever started the recording said so */
	ACRN_TRACE_CLOCK_HOST = 3,    /* the host's own TSC, measured: QEMU's TCG passes that on */
	ACRN_TRACE_CLOCK_NONE = 4,    /* no record counts ticks; tsc_hz is 0 */
};

/* A later block of this kind says that the guest began anew: sequences count from 0 again. */
struct acrn_trace_rings {
	uint64_t tsc_hz; /* ticks of the guest's TSC a second, 10^7 to 10^11 */
	uint32_t clock;	 /* enum acrn_trace_clock */
	uint32_t reserved;
	struct acrn_ring_header header; /* as it was copied when recording began */
};

/* What RINGS is to RECORDS: who writes the CALLS that follow. */
struct acrn_trace_writers {
	uint64_t tsc_hz; /* of the clock of records whose clock is HYPERCALL_TICKS */
	uint32_t clock;	 /* enum acrn_trace_clock */
	uint32_t rings;	 /* 1 to 256: a record's `ring` is less */
};

/*
 * Records of one ring, in the order of their sequences but for calls that took longer than others.
 * Blocks in a row with the same pass were read at the same time: order their records by tsc_entry.
 */
struct acrn_trace_records {
	uint32_t ring;
	uint32_t flags; /* ACRN_TRACE_OVERWRITTEN */
	uint64_t pass;
};

/* The records were overwritten before these calls returned; else a call that is not RETURNED had
 * not returned when the recording ended. */
#define ACRN_TRACE_OVERWRITTEN 1

/* Each sequence number of a ring, from 0, is in one record or counted in one loss. */
struct acrn_trace_loss {
	uint32_t ring;
	uint32_t why; /* enum acrn_trace_why */
	uint64_t first;
	uint64_t count;
};

enum acrn_trace_why {
	ACRN_TRACE_LATE = 1,	  /* overwritten before they were read */
	ACRN_TRACE_FULL = 2,	  /* not written by the guest: the ring was at its limit */
	ACRN_TRACE_UNWRITTEN = 3, /* not written by the guest (the slot was in use), or not yet */
	ACRN_TRACE_UNREAD = 4,	  /* `count` at most, and perhaps none was made: the guest was gone
				     before its ring could be read again */
};

struct acrn_trace_end {
	uint64_t records;
	uint64_t lost;
};

_Static_assert(sizeof(struct acrn_trace_block) == 16, "readers count on it");
_Static_assert(sizeof(struct acrn_trace_header) == 16, "readers count on it");
_Static_assert(sizeof(struct acrn_trace_rings) == 144, "readers count on it");
_Static_assert(sizeof(struct acrn_trace_writers) == 16, "readers count on it");
_Static_assert(sizeof(struct acrn_trace_records) == 16, "readers count on it");
_Static_assert(sizeof(struct acrn_trace_loss) == 24, "readers count on it");

#endif
