/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Decodes calls one by one to JSON: records of a ring that the caller has, of a guest that runs or
 * a dump; and calls of a guest that stands still, each a record, and memory through callbacks.
 */
#ifndef CALL_DECODER_H
#define CALL_DECODER_H

#include <stddef.h>
#include <stdint.h>

#include "callback.h"
#include "record.h"

struct raw_record {
	struct ring_layout layout;
	const uint8_t *bytes; /* layout.record_size of them */
	uint64_t hz;	      /* ticks a second, not 0 */
	uint64_t seq;
	uint32_t ring;
	int is_overwritten, is_dump;
	const char *file, *function; /* UTF-8; NULL where they are not known */
	uint64_t line;		     /* 0: not known */
};

struct live_call {
	const uint8_t *record; /* of version 2 */
	size_t size;
	struct callback *before, *after; /* memory at the call, at the return, or NULL (call.h) */
	const char *file, *function;	 /* UTF-8; NULL where they are not known */
	uint64_t line;			 /* 0: not known */
	int is_injected;		 /* as struct circumstances has it */
};

struct call_decoder;

/* The table's bytes are the caller's and stay. NULL without memory, or for what is no table. */
struct call_decoder *call_decoder_new(const void *table, size_t size);
void call_decoder_free(struct call_decoder *decoder);

/* Write its object and a newline; how many bytes that are, or 0 where there is no room for them. */
size_t raw_record_json(struct call_decoder *decoder, const struct raw_record *record, char *text,
		       size_t room);

/* The same of show_live_json()'s object. Memory may be read twice, of a call that takes much. */
size_t live_call_json(struct call_decoder *decoder, const struct live_call *call, char *text,
		      size_t room);

#endif
