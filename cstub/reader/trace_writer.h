/* SPDX-License-Identifier: BSD-3-Clause */
/* Appends blocks to a trace file (acrn_trace_file.h). */
#ifndef TRACE_WRITER_H
#define TRACE_WRITER_H

#include <stddef.h>
#include <stdint.h>

#include "acrn_trace_file.h"

struct trace_writer {
	int file;
	int failed; /* errno of the first failure; nothing is written after it */
	uint64_t records;
	uint64_t lost;
	uint32_t kind; /* of the records that wait: ACRN_TRACE_RECORDS, _CALLS or _IN_FLIGHT */
	size_t used;   /* bytes of the payload, the records that wait */
	unsigned char payload[ACRN_TRACE_MAX_PAYLOAD];
};

/* The first block of a file that nobody else began. */
void trace_header(struct trace_writer *writer);

void trace_rings(struct trace_writer *writer, const struct acrn_trace_rings *rings);

/* Add records of `size` bytes each, to be written with others of the same block. */
void trace_records(struct trace_writer *writer, const struct acrn_trace_records *block,
		   const unsigned char *records, size_t size, size_t count);

/* In place of the two above in files of version 2: records of version 2, of their own size each. */
void trace_writers(struct trace_writer *writer, const struct acrn_trace_writers *writers);
void trace_call(struct trace_writer *writer, const struct acrn_trace_records *block,
		const unsigned char *record, size_t size);

/* The same of a call that is in flight, and will be written when it is over. */
void trace_in_flight(struct trace_writer *writer, const struct acrn_trace_records *block,
		     const unsigned char *record, size_t size);

/* Calls were lost; written at once, in front of the records that wait. */
void trace_loss(struct trace_writer *writer, const struct acrn_trace_loss *loss);

/* Write the records that wait, so that a reader of the file sees them. */
void trace_flush(struct trace_writer *writer);

void trace_end(struct trace_writer *writer);

#endif
