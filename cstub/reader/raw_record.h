/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Shows one record of a guest's ring as JSON: for rings whose records the caller has, from a guest
 * that runs, or a dump.
 */
#ifndef RAW_RECORD_H
#define RAW_RECORD_H

#include <stddef.h>
#include <stdint.h>

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

struct raw_decoder;

/* The table's bytes are the caller's and stay. NULL without memory, or for what is no table. */
struct raw_decoder *raw_decoder_new(const void *table, size_t size);
void raw_decoder_free(struct raw_decoder *decoder);

/* Write its object and a newline; how many bytes that are, or 0 where there is no room for them. */
size_t raw_record_json(struct raw_decoder *decoder, const struct raw_record *record, char *text,
		       size_t room);

#endif
