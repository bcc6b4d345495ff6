/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Shows trace files: as text or JSON, counted, those calls that a filter selects.
 *
 *   pushed bytes ──trace_reader──▶ records ──decode/──▶ calls ──filter──▶ text, JSON, counts
 *
 * What is said with no call of its own (losses, a clock of no speed) is a finding of the next call
 * shown, or of the last: so a call is held until the next one comes. Used by rings/report.py;
 * nothing here is thread-safe.
 */
#ifndef REPORT_H
#define REPORT_H

#include <stddef.h>
#include <stdint.h>

#include "asks.h"
#include "call_counts.h"
#include "filter.h"
#include "show.h"
#include "trace_reader.h"

#define REPORT_TROUBLES 64u /* that are remembered */

enum report_form { REPORT_COUNTS_ALONE, REPORT_TEXT, REPORT_JSON };

enum report_step {
	REPORT_HUNGRY, /* push more, or say that there is no more */
	REPORT_FULL,   /* there is no room for the next call's text */
	REPORT_TABLE,  /* give the table of `table_size` bytes of text at `table`, and go on */
	REPORT_OVER,   /* of this file; `damage` says why, if it is damaged */
	REPORT_ASK,    /* find what is wrong with the call at `asked` in JSON, answer, and go on */
};

/* What the caller reads between two runs. */
struct report_state {
	uint64_t calls;	    /* of this file that were decoded */
	uint64_t shown;	    /* of all files */
	uint64_t records;   /* of this file that were read: calls, and those that are held */
	uint64_t offset;    /* of the block of `table`, or of the damage */
	const char *damage; /* half a sentence (UTF-8), or NULL */
	const uint8_t *table;
	uint32_t table_size;
	uint32_t clock; /* of the first call that was counted (enum hypercall_clock), or 0 */
	const char *asked;
	size_t asked_size;
	struct text_style style;
};

struct report;

/* `form`: enum report_form; `counts`: count as well. NULL without memory. */
struct report *report_new(uint32_t form, int counts);
void report_free(struct report *report);
struct report_state *report_state(struct report *report);

/*
 * Decode by this table from the next file on, or, after REPORT_TABLE, the rest of this file. The
 * bytes are the caller's and stay. NULL, or what is wrong with them.
 */
const char *report_use_table(struct report *report, const void *bytes, size_t size);
const char *report_use_own_table(struct report *report, const void *bytes, size_t size);

/* Show those calls alone; the conditions are the caller's and stay. */
void report_select(struct report *report, const struct condition *conditions, uint32_t count);

/*
 * The files grow while they are shown: a call in flight is shown when that is known, and others not
 * after the next one, but when they are over. Of calls that `asks` is about REPORT_ASK comes
 * before; what it refers to is the caller's and stays.
 */
void report_live(struct report *report, const struct report_asks *asks);

/* After REPORT_ASK: something is wrong with the call. `kind` stays, `text` is copied. */
void report_find(struct report *report, const char *kind, const char *text);

/* Begin a file. 0, or -1 without memory. */
int report_begin(struct report *report);

/* As trace_reader_push(), trace_reader_end() and trace_reader_refuse(), of which the last is for a
 * table. */
void report_push(struct report *report, const void *bytes, size_t size);
void report_end(struct report *report, const char *why);
void report_refuse(struct report *report, const char *what);

/* Go on: write up to `room` bytes of text; `*used` is how many. */
enum report_step report_run(struct report *report, char *text, size_t room, size_t *used);

/* A loss of which a file that has no call was to say: its text, or NULL. */
const char *report_unsaid(struct report *report);

/* As counts_rows(), for all files; then they are forgotten if they fit. */
size_t report_rows(struct report *report, uint8_t *to, size_t room);

/*
 * What was the so-many-th new trouble of the calls shown, from 0: a finding's kind, or "failed" or
 * "unfinished"; NULL past the last.
 */
const char *report_trouble(const struct report *report, uint32_t index);

#endif
