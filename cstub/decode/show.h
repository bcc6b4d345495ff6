/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Shows a decoded call: as the text line (sinks/text.py), as a JSONL object (trace/event.py).
 */
#ifndef DECODE_SHOW_H
#define DECODE_SHOW_H

#include "call.h"
#include "out.h"

/* How text lines begin, and how much they leave out. Keep it from one call to the next. */
struct text_style {
	int is_verbose;
	int is_quiet;	 /* no head */
	int is_relative; /* times are since the line before */
	int is_started;	 /* the head is written, `start` is set */
	uint64_t start;	 /* microseconds: what is shown as 0 */
	int is_open;	 /* the latest line has no end yet */
	uint64_t open;	 /* it is of the call with this sequence */
};

/* The beginning of a line, of a call that is in flight; show_text() ends it. All of it or is_full.
 */
void show_entry(struct out *out, const struct call *call, const struct table *table,
		struct text_style *style);

/* An open line will have no other end. */
void show_no_end(struct out *out, struct text_style *style);

/* The call's line, and a line for each finding; before the first the head. All of it or is_full. */
void show_text(struct out *out, const struct call *call, const struct table *table,
	       struct text_style *style);

/* Of a call that is live what memory and registers say: its arguments, what changed, findings. */
void show_live_json(struct out *out, const struct call *call, const struct table *table);

/* Whether the call changed what is the caller's to write. */
int has_changed_inputs(const struct call *call, const struct table *table);

/* The call's object and a newline. */
void show_json(struct out *out, const struct call *call, const struct table *table);

#endif
