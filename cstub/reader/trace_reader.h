/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reads a trace file (docs/trace-file.md), pushed in pieces, to its records in order.
 *
 *   trace_reader_push() ──▶ trace_reader_next(): a record, or the file's call table, or HUNGRY:
 * push more trace_reader_end()  ──▶ trace_reader_next(): what is left, then OVER
 *
 * Damage ends the reading; the records before it come first. What is held is bounded: a pass
 * (trace_pass.h), a block, the sites (trace_sites.h).
 */
#ifndef TRACE_READER_H
#define TRACE_READER_H

#include <stddef.h>
#include <stdint.h>

#include "record.h"
#include "trace_blocks.h"
#include "trace_losses.h"
#include "trace_sites.h"

#define TRACE_UNKNOWN_HZ 1000000000u /* as which a counter of unknown speed is shown */

enum trace_step {
	TRACE_HUNGRY, /* all that was pushed is read */
	TRACE_RECORD,
	TRACE_TABLE, /* the calls of what follows, in the grammar of acrn.def */
	TRACE_OVER,  /* by damage, if trace_reader_damage() has some */
};

/* A record of either version, or a table; the bytes stay until the next trace_reader_next(). */
struct trace_item {
	const uint8_t *bytes;
	uint32_t size;
	uint64_t offset; /* of its block in the file */
	/* Of a record: */
	uint32_t ring;
	int is_overwritten;
	int is_of_ring;	  /* else it is of version 2 */
	int is_in_flight; /* its call comes again when it is over */
};

struct trace_reader;

/* `known_table`: CRC-32 of the call table in use, which need not be handed out. NULL without
 * memory.
 */
struct trace_reader *trace_reader_new(uint32_t known_table);
void trace_reader_free(struct trace_reader *reader);

/* More of the file; the bytes are the caller's and stay until trace_reader_next() is HUNGRY. */
void trace_reader_push(struct trace_reader *reader, const void *bytes, size_t size);

/* The file grows: what was pushed is read to its end, whatever may still come beside it. */
void trace_reader_live(struct trace_reader *reader);

/* No more comes: the file ends there, or cannot be read on, for what reason `why` says (UTF-8). */
void trace_reader_end(struct trace_reader *reader, const char *why);

enum trace_step trace_reader_next(struct trace_reader *reader, struct trace_item *item);

/* The file is damaged in the caller's eyes: `what` is wrong with the block at `offset`. */
void trace_reader_refuse(struct trace_reader *reader, uint64_t offset, const char *what);

/* What is wrong with the file, or NULL; for after OVER. */
const struct trace_damage *trace_reader_damage(const struct trace_reader *reader);

/* Records of the file up to where it was read. */
uint64_t trace_reader_records(const struct trace_reader *reader);

/* Ticks a second of the clock of the record that came last. */
uint64_t trace_reader_hz(const struct trace_reader *reader);

/* Make a record of an item's bytes, or of a copy of them at `bytes`. */
void trace_reader_record_of(const struct trace_reader *reader, const struct trace_item *item,
			    const uint8_t *bytes, struct record *record);

/* What is to be said with the next call; losses_take() takes it. */
struct trace_losses *trace_reader_losses(struct trace_reader *reader);

const struct trace_sites *trace_reader_sites(const struct trace_reader *reader);

#endif
