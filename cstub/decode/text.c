/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Writes a call's line of text, as sinks/text.py does for a call that is shown whole.
 */
#include "done.h"
#include "findings.h"
#include "show.h"
#include "text_tree.h"

/* What the times of each clock are. */
static const char *const CLOCKS[][2] = {
	[HYPERCALL_TICKS] = {"guest's", " by its time-stamp counter"},
	[HYPERCALL_NANOSECONDS] = {"host's", ""},
	[HYPERCALL_GUEST_NS] = {"guest's", " by QEMU's virtual clock"},
};

static void out_string(struct out *out, const char *text)
{
	out_bytes(out, text, strlen(text));
}

static void out_head(struct out *out, const struct call *call, const struct text_style *style)
{
	const char *const *words = CLOCKS[call_clock(call)];

	out_literal(out, "--- times are the ");
	out_string(out, words[0]);
	out_string(out, style->is_relative ? ", in seconds from the line before"
					   : ", in seconds from the first call");
	out_string(out, words[1]);
	out_literal(out, " ---\n");
}

/* `[vcpu] seconds `, of a time in microseconds. */
static void out_when(struct out *out, const struct call *call, struct text_style *style,
		     uint64_t micros)
{
	out_char(out, '[');
	if (call->record->vcpu == HYPERCALL_UNKNOWN32)
		out_char(out, '?');
	else
		out_decimal(out, call->record->vcpu);
	out_literal(out, "] ");
	if (!style->is_started)
		style->start = micros;
	style->is_started = 1;
	out_seconds_between(out, style->start, micros);
	if (style->is_relative)
		style->start = micros;
	out_char(out, ' ');
}

/* Of a call that the table does not have: what its ABI's registers held. */
static void out_registers(struct out *out, const struct call *call, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		if (i)
			out_literal(out, ", ");
		out_hex(out, call->record->argument[i]);
	}
}

/* `name(arg=value, …`, as the call was made. */
static void out_call(struct out *out, const struct call *call, const struct table *table,
		     int is_verbose)
{
	struct text_tree to = {out, table, is_verbose, 0};

	out_text(out, call->title);
	out_char(out, '(');
	if (call->entry == TABLE_NONE)
		out_registers(out, call, call_registers(call, table));
	else
		text_inputs(&to, call);
}

/* `, …)`: what came of it. */
static void out_outputs(struct out *out, const struct call *call, const struct table *table,
			int is_verbose)
{
	struct text_tree to = {out, table, is_verbose, 0};

	if (call->entry != TABLE_NONE)
		text_outputs(&to, call);
	out_char(out, ')');
}

/* ` ERRNO (text)`. */
static void out_error(struct out *out, const struct table *table, const uint8_t *error)
{
	int is_vague = error_flags(error) & ERROR_VAGUE;

	out_string(out, is_vague ? " (failed; = " : " ");
	out_text(out, table_text(table, error_name(error)));
	if (!is_vague) {
		out_literal(out, " (");
		out_text(out, table_text(table, error_text(error)));
	}
	out_char(out, ')');
}

/* What a status has beside the error, in its upper half. */
static void out_repetitions(struct out *out, const struct call *call, const struct table *table)
{
	const uint8_t *abi = abi_of_call(call, table);
	uint64_t done = call->record->result >> 32 & 0xfff;

	if (!abi || !(abi_flags(abi) & ABI_STATUS) || !done)
		return;
	out_literal(out, " (");
	out_decimal(out, done);
	out_string(out, done == 1 ? " repetition done)" : " repetitions done)");
}

static void out_result(struct out *out, const struct call *call, const struct table *table)
{
	const uint8_t *error = error_of_call(call, table);

	out_literal(out, " = ");
	if (call->status != CALL_RETURNED) {
		out_literal(out, "? <unfinished ...>");
	} else if (!call->has_result) {
		out_hex(out, call->record->result);
	} else {
		out_signed(out, call->result);
	}
	if (error)
		out_error(out, table, error);
	if (call->status == CALL_RETURNED && !call->has_result)
		out_repetitions(out, call, table);
}

/* `[vcpu] seconds name(arg=value, …`, on a line of its own. */
static void begin_line(struct out *out, const struct call *call, const struct table *table,
		       struct text_style *style)
{
	show_no_end(out, style);
	if (!style->is_started && !style->is_quiet)
		out_head(out, call, style);
	out_when(out, call, style, call->micros);
	out_call(out, call, table, style->is_verbose);
}

/* `[vcpu] seconds <... name resumed>`: other lines came in between. */
static void resume_line(struct out *out, const struct call *call, struct text_style *style)
{
	show_no_end(out, style);
	out_when(out, call, style, call->micros + (call->has_duration ? call->duration : 0));
	out_literal(out, "<... ");
	out_text(out, call->title);
	out_literal(out, " resumed>");
}

void show_no_end(struct out *out, struct text_style *style)
{
	if (style->is_open)
		out_literal(out, " <unfinished ...>\n");
	style->is_open = 0;
}

void show_entry(struct out *out, const struct call *call, const struct table *table,
		struct text_style *style)
{
	struct text_style before = *style;

	begin_line(out, call, table, style);
	style->is_open = 1;
	style->open = call->record->sequence;
	if (out->is_full)
		*style = before;
}

void show_text(struct out *out, const struct call *call, const struct table *table,
	       struct text_style *style)
{
	struct text_style before = *style;

	if (!call->is_begun)
		begin_line(out, call, table, style);
	else if (!style->is_open || style->open != call->record->sequence)
		resume_line(out, call, style);
	style->is_open = 0;
	out_outputs(out, call, table, style->is_verbose);
	out_result(out, call, table);
	text_done(out, call);
	if (call->has_duration) {
		out_literal(out, " <");
		out_seconds(out, call->duration);
		out_char(out, '>');
	}
	out_literal(out, " at ");
	out_place(out, call, out_printable);
	out_char(out, '\n');
	for (const struct finding *each = call->findings; each; each = each->next) {
		out_literal(out, "!! ");
		out_printable(out, each->text.text, each->text.length);
		out_char(out, '\n');
	}
	if (out->is_full)
		*style = before;
}
