/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Writes a call as a JSON object, as Event.as_json() (trace/event.py) and sinks/jsonl.py do.
 */
#include "arguments.h"
#include "done.h"
#include "json_tree.h"
#include "show.h"

static const char *const CLOCKS[] = {
	[HYPERCALL_TICKS] = "tsc",
	[HYPERCALL_NANOSECONDS] = "host",
	[HYPERCALL_GUEST_NS] = "guest",
};

static const char *const STATUSES[] = {
	[CALL_RETURNED] = "returned",
	[CALL_FAULTED] = "faulted",
	[CALL_UNFINISHED] = "unfinished",
	[CALL_UNKNOWN] = "unknown",
};

/* A string that needs no escapes. */
static void out_plain(struct out *out, const char *text, size_t length)
{
	out_char(out, '"');
	out_bytes(out, text, length);
	out_char(out, '"');
}

static void out_string(struct out *out, const char *text)
{
	out_plain(out, text, strlen(text));
}

static void out_times(struct out *out, const struct call *call)
{
	out_literal(out, "{\"seq\":");
	out_decimal(out, call->seq);
	out_literal(out, ",\"time\":");
	out_json_seconds(out, call->micros);
	out_literal(out, ",\"duration\":");
	if (call->has_duration)
		out_json_seconds(out, call->duration);
	else
		out_literal(out, "null");
	out_literal(out, ",\"clock\":");
	out_string(out, CLOCKS[call_clock(call)]);
}

static void out_vcpu(struct out *out, uint32_t vcpu)
{
	if (vcpu == HYPERCALL_UNKNOWN32)
		out_literal(out, "null");
	else
		out_decimal(out, vcpu);
}

/* Who made which call, and with what in the registers. */
static void out_asked(struct out *out, const struct call *call, const struct table *table)
{
	const uint8_t *abi = abi_of_call(call, table);
	struct table_text name =
		abi ? table_text(table, abi_name(abi)) : (struct table_text){NULL, 0};

	out_literal(out, ",\"vcpu\":");
	out_vcpu(out, call->record->vcpu);
	out_literal(out, ",\"abi\":");
	if (abi)
		out_plain(out, name.text, name.length);
	else
		out_literal(out, "\"unknown\"");
	out_literal(out, ",\"nr\":");
	json_hex(out, call->record->number);
	out_literal(out, ",\"name\":");
	out_plain(out, call->name.text, call->name.length);
	out_literal(out, ",\"args\":[");
	for (uint32_t i = 0, count = call_registers(call, table); i < count; i++) {
		if (i)
			out_char(out, ',');
		json_hex(out, call->record->argument[i]);
	}
	out_char(out, ']');
}

static void out_error(struct out *out, const struct call *call, const struct table *table)
{
	const uint8_t *error = error_of_call(call, table);
	struct table_text name;

	if (!error) {
		out_literal(out, "null");
		return;
	}
	name = table_text(table, error_name(error));
	out_plain(out, name.text, name.length);
}

static void out_answer(struct out *out, const struct call *call, const struct table *table)
{
	out_literal(out, ",\"ret\":");
	if (call->status != CALL_RETURNED)
		out_literal(out, "null");
	else if (call->has_result)
		out_signed(out, call->result);
	else
		json_hex(out, call->record->result);
	out_literal(out, ",\"errno\":");
	out_error(out, call, table);
	out_literal(out, ",\"status\":");
	out_string(out, STATUSES[call->status]);
	out_literal(out, ",\"answered_by\":");
	if (call_answered_by(call))
		out_string(out, call_answered_by(call));
	else if (call->record->is_plugins && call->status == CALL_RETURNED)
		out_literal(out, "\"hypervisor\"");
	else
		out_literal(out, "null");
}

static void out_known(struct out *out, struct table_text text)
{
	if (text.text)
		out_json_text(out, text.text, text.length);
	else
		out_literal(out, "null");
}

static const char *source_of(const struct call *call)
{
	if (call->record->is_plugins)
		return "plugin";
	return call->is_dump ? "dump" : "ring";
}

static void out_place(struct out *out, const struct call *call)
{
	static const struct place NOWHERE;
	const struct place *place = call->has_place ? &call->place : &NOWHERE;

	out_literal(out, ",\"site\":");
	json_hex(out, call->record->site);
	out_literal(out, ",\"symbol\":");
	out_known(out, place->function);
	out_literal(out, ",\"file\":");
	out_known(out, place->file);
	out_literal(out, ",\"line\":");
	if (place->line)
		out_decimal(out, place->line);
	else
		out_literal(out, "null");
	out_literal(out, ",\"source\":");
	out_string(out, source_of(call));
}

/* Its arguments by name. */
static void out_decoded(struct out *out, const struct call *call, const struct table *table)
{
	const uint8_t *entry = NULL;
	uint32_t count = 0, written = 0;

	if (call->entry != TABLE_NONE) {
		entry = call_entry(table, call->entry);
		count = call_arguments(entry);
	}
	out_literal(out, ",\"decoded\":{");
	for (uint32_t i = 0; i < count; i++) {
		struct table_text name =
			table_text(table, argument_name(table_argument(table, entry, i)));

		if (!call->argument[i])
			continue;
		if (written++)
			out_char(out, ',');
		out_plain(out, name.text, name.length);
		out_char(out, ':');
		json_tree(out, table, call->argument[i]);
	}
	out_char(out, '}');
}

static void out_clobbered(struct out *out, const struct call *call)
{
	out_literal(out, ",\"clobbered\":{");
	for (uint32_t i = 0; i < call->clobbers; i++) {
		const struct change *change = &call->clobbered[i];

		if (i)
			out_char(out, ',');
		out_string(out, register_name(change->reg));
		out_literal(out, ":[");
		json_hex(out, change->before);
		out_char(out, ',');
		json_hex(out, change->after);
		out_char(out, ']');
	}
	out_char(out, '}');
}

static void out_findings(struct out *out, const struct call *call)
{
	out_literal(out, ",\"findings\":[");
	for (const struct finding *each = call->findings; each; each = each->next) {
		if (each != call->findings)
			out_char(out, ',');
		out_literal(out, "{\"kind\":");
		out_string(out, each->kind);
		out_literal(out, ",\"text\":");
		out_json_text(out, each->text.text, each->text.length);
		out_char(out, '}');
	}
	out_char(out, ']');
}

void show_live_json(struct out *out, const struct call *call, const struct table *table)
{
	out_literal(out, "{\"name\":");
	out_plain(out, call->title.text, call->title.length);
	out_decoded(out, call, table);
	json_changed_inputs(out, call, table);
	out_clobbered(out, call);
	out_findings(out, call);
	out_literal(out, "}");
}

void show_json(struct out *out, const struct call *call, const struct table *table)
{
	out_times(out, call);
	out_asked(out, call, table);
	out_answer(out, call, table);
	out_place(out, call);
	out_decoded(out, call, table);
	out_clobbered(out, call);
	out_findings(out, call);
	out_literal(out, ",\"repeats\":0,\"repeats_unknown\":0,\"return_vcpu\":");
	out_vcpu(out, call->record->return_vcpu);
	out_literal(out, ",\"stack\":[],\"ring\":");
	out_decimal(out, call->record->ring);
	out_literal(out, ",\"sequence\":");
	out_decimal(out, call->record->sequence);
	json_done(out, call);
	out_literal(out, "}\n");
}
