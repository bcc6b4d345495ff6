/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a sink writes of the calls in a JSONL file, a million a second and more. What a call looks
 * like is not known here: the caller (quicklines.py) teaches it, a template for each key that lines
 * have (jsonl_cut.h), and hands over the text of each line that no template is for.
 *
 * A file may be anything. All sizes are in bytes; nothing here is thread-safe.
 */
#ifndef JSONL_REPORT_H
#define JSONL_REPORT_H

#include <stddef.h>
#include <stdint.h>

#include "jsonl_cut.h"
#include "live_order.h"

#define JSONL_LONGEST_TEMPLATE 16384u

/*
 * A template is a row of pieces in the order of their sections: literal text, then what comes
 * behind it. The header of a piece is followed by its text.
 */
struct jsonl_piece {
	uint8_t hole;	 /* 0: nothing; else a hole of the line, from 1; or JSONL_MICROS */
	uint8_t section; /* enum live_section */
	uint16_t reserved;
	uint32_t size; /* of the text */
};

#define JSONL_MICROS 255u /* the call's duration, with six decimals */

struct jsonl_report;

/* `started`: the trace has begun, at the time `start` (seconds). NULL without memory. */
struct jsonl_report *jsonl_report_new(int started, double start);
void jsonl_report_free(struct jsonl_report *report);

/* Teach the text of lines with the cut's key; `flags` is enum live_flag. 0, or -1: not possible. */
int jsonl_report_learn(struct jsonl_report *report, const struct jsonl_cut *cut, uint32_t flags,
		       const uint8_t *pieces, uint32_t size);

/* The next call is this, its sections given in `text`. 0, or -1 without memory. */
int jsonl_report_add(struct jsonl_report *report, const struct live_call *call, const char *text);

/* Take lines, each with its newline, up to one that is not known; how many bytes they are. */
size_t jsonl_report_run(struct jsonl_report *report, const char *lines, size_t size,
			uint64_t *count);

/* No more lines come. */
void jsonl_report_flush(struct jsonl_report *report);

/* The text that is ready, until the next call of these functions; NULL without memory for it. */
const char *jsonl_report_text(struct jsonl_report *report, size_t *size);

/* Whether the trace has begun, and when. */
int jsonl_report_started(const struct jsonl_report *report, double *start);

#endif
