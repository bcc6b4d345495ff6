/* SPDX-License-Identifier: BSD-3-Clause */
/* Shows trace files: as text or JSON, counted, those calls that a filter selects. */
#include <stdlib.h>
#include <string.h>

#include "asks.h"
#include "call_slot.h"
#include "report.h"

#define REPORT_BEGUN 4096 /* calls in flight whose entries are remembered */

#define TABLE_CHECK_AT 8 /* in a table: CRC-32 of its calls' lines */

struct report {
	uint32_t form;
	struct call_counts *counts;
	struct report_state state;
	struct table tables[2]; /* the user's, the file's own */
	const struct table *table;
	const struct condition *conditions;
	uint32_t condition_count;
	struct trace_reader *reader;
	int is_live;
	struct asks asks;
	struct call_slot *asked; /* about which somebody is to be asked, or is asked */
	int is_asked, is_found;
	struct sequences {
		uint64_t at[REPORT_BEGUN];
		uint32_t count;
	} begun; /* calls whose entries were shown */
	struct call_slot slot[2];
	struct call_slot *held, *next; /* calls that are to be shown, in this order; or NULL */
	const char *trouble[REPORT_TROUBLES];
	uint32_t troubles;
	char unsaid[300];
};

struct report *report_new(uint32_t form, int counts)
{
	struct report *report = calloc(1, sizeof(*report));

	if (!report)
		return NULL;
	report->form = form;
	report->counts = counts ? counts_new() : NULL;
	if (slot_init(&report->slot[0]) || slot_init(&report->slot[1]) ||
	    (counts && !report->counts)) {
		report_free(report);
		return NULL;
	}
	return report;
}

void report_free(struct report *report)
{
	if (!report)
		return;
	counts_free(report->counts);
	trace_reader_free(report->reader);
	slot_free(&report->slot[0]);
	slot_free(&report->slot[1]);
	free(report);
}

struct report_state *report_state(struct report *report)
{
	return &report->state;
}

const char *report_use_table(struct report *report, const void *bytes, size_t size)
{
	return table_check(&report->tables[0], bytes, size);
}

const char *report_use_own_table(struct report *report, const void *bytes, size_t size)
{
	const char *fault = table_check(&report->tables[1], bytes, size);

	if (!fault)
		report->table = &report->tables[1];
	return fault;
}

void report_select(struct report *report, const struct condition *conditions, uint32_t count)
{
	report->conditions = conditions;
	report->condition_count = count;
}

int report_begin(struct report *report)
{
	trace_reader_free(report->reader);
	report->table = &report->tables[0];
	report->reader = trace_reader_new(load32(report->table->bytes + TABLE_CHECK_AT));
	if (report->is_live && report->reader)
		trace_reader_live(report->reader);
	report->held = report->next = report->asked = NULL;
	report->begun.count = 0;
	report->state.calls = report->state.records = report->state.offset = 0;
	report->state.damage = NULL;
	report->state.table = NULL;
	return report->reader ? 0 : -1;
}

void report_push(struct report *report, const void *bytes, size_t size)
{
	trace_reader_push(report->reader, bytes, size);
}

void report_end(struct report *report, const char *why)
{
	trace_reader_end(report->reader, why);
}

void report_refuse(struct report *report, const char *what)
{
	trace_reader_refuse(report->reader, report->state.offset, what);
}

void report_live(struct report *report, const struct report_asks *asks)
{
	report->is_live = 1;
	report->asks = (struct asks){.of = *asks};
}

void report_find(struct report *report, const char *kind, const char *text)
{
	report->is_found = 1;
	call_find(&report->asked->call, &report->asked->arena, kind, text, (uint32_t)strlen(text));
}

static void add_begun(struct sequences *begun, uint64_t sequence)
{
	if (begun->count < REPORT_BEGUN)
		begun->at[begun->count++] = sequence;
}

/* Whether the call's entry was shown; from now on it is not remembered. */
static int take_begun(struct sequences *begun, uint64_t sequence)
{
	for (uint32_t i = 0; i < begun->count; i++)
		if (begun->at[i] == sequence) {
			begun->at[i] = begun->at[--begun->count];
			return 1;
		}
	return 0;
}

/* Decode the item in the slot. 0, or -1 if it takes too much memory. */
static int decode(struct report *report, struct call_slot *slot, const struct trace_item *item)
{
	struct circumstances with = {.hz = trace_reader_hz(report->reader),
				     .seq = report->state.calls};

	memcpy(slot->bytes, item->bytes, item->size);
	trace_reader_record_of(report->reader, item, slot->bytes, &slot->record);
	with.place = sites_find(trace_reader_sites(report->reader), slot->record.site);
	return slot_decode(slot, report->table, &with);
}

/* Say with the call in the slot what is to be said. */
static void add_findings(struct report *report, struct call_slot *slot)
{
	struct trace_losses *losses = trace_reader_losses(report->reader);
	char text[sizeof(report->unsaid)];
	const char *kind;

	if (!losses_are_some(losses))
		return;
	while ((kind = losses_take(losses, text, sizeof(text))))
		call_find(&slot->call, &slot->arena, kind, text, (uint32_t)strlen(text));
}

static int selects(const struct report *report, const struct call_slot *slot,
		   const struct finding *more)
{
	return filter_selects(report->conditions, report->condition_count, &slot->call, more);
}

/*
 * Whether the call in the slot is to be shown, with what is to be said with it. What the filter
 * leaves a call out for is not said with another one.
 */
static int is_to_be_shown(struct report *report, struct call_slot *slot)
{
	const struct finding *losses = losses_kinds(trace_reader_losses(report->reader));
	int is_shown = selects(report, slot, losses);

	if (is_shown || (losses && selects(report, slot, NULL)))
		add_findings(report, slot);
	return is_shown;
}

/* Write the call for whoever is asked, behind what is written already. */
static enum report_step ask(struct report *report, const struct out *out)
{
	const struct call_slot *slot = report->asked;
	struct out asked = {out->at, out->end, 0};

	show_json(&asked, &slot->call, slot->table);
	show_live_json(&asked, &slot->call, slot->table);
	if (asked.is_full)
		return REPORT_FULL;
	report->state.asked = out->at;
	report->state.asked_size = (size_t)(asked.at - out->at);
	report->is_asked = 1;
	report->is_found = 0;
	return REPORT_ASK;
}

/* The call in the slot is to be shown, unless the filter is against it. */
static void take_call(struct report *report, struct call_slot *slot)
{
	if (!is_to_be_shown(report, slot))
		return;
	if (report->held)
		report->next = slot;
	else
		report->held = slot;
}

static void take_answer(struct report *report)
{
	struct call_slot *slot = report->asked;

	if (!report->is_found)
		asks_found_nothing(&report->asks, &slot->call);
	report->asked = NULL;
	report->is_asked = 0;
	take_call(report, slot);
}

static void take_entry(struct report *report, struct call_slot *slot)
{
	if (report->is_live && report->form == REPORT_TEXT && selects(report, slot, NULL)) {
		if (report->held)
			report->next = slot;
		else
			report->held = slot;
	}
}

/* Take the next record, which is somebody to be asked about where it is in `asked` then. */
static void take_record(struct report *report, const struct trace_item *item)
{
	struct call_slot *slot = &report->slot[report->held == &report->slot[0]];

	if (item->is_in_flight && !report->is_live)
		return;
	if (decode(report, slot, item)) {
		trace_reader_refuse(report->reader, item->offset,
				    "a call that takes too much memory");
		return;
	}
	slot->is_entry = item->is_in_flight;
	if (slot->is_entry) {
		take_entry(report, slot);
		return;
	}
	report->state.calls++;
	slot->call.is_begun = take_begun(&report->begun, slot->record.sequence);
	if (report->is_live && asks_about(&report->asks, &slot->call, slot->table))
		report->asked = slot;
	else
		take_call(report, slot);
}

static void remember(struct report *report, const char *trouble)
{
	uint32_t i = 0;

	while (i < report->troubles && strcmp(report->trouble[i], trouble))
		i++;
	if (i == report->troubles && i < REPORT_TROUBLES)
		report->trouble[report->troubles++] = trouble;
}

static void remember_troubles(struct report *report, const struct call *call)
{
	for (const struct finding *finding = call->findings; finding; finding = finding->next)
		remember(report, finding->kind);
	if (call_failed(call))
		remember(report, "failed");
	else if (call->status == CALL_UNFINISHED)
		remember(report, "unfinished");
}

/* Write the held call; 0, or -1 where there is no room for all of it. */
static int write_held(struct report *report, struct out *out)
{
	struct text_style style = report->state.style;
	char *before = out->at;

	if (report->held->is_entry)
		show_entry(out, &report->held->call, report->held->table, &report->state.style);
	else if (report->form == REPORT_TEXT)
		show_text(out, &report->held->call, report->held->table, &report->state.style);
	else if (report->form == REPORT_JSON)
		show_json(out, &report->held->call, report->held->table);
	if (!out->is_full)
		return 0;
	out->at = before;
	out->is_full = 0;
	report->state.style = style;
	return -1;
}

static void show_next(struct report *report)
{
	report->held = report->next;
	report->next = NULL;
}

/* Show the held call, after which the next is held; 0, or -1 where there is no room. */
static int show_held(struct report *report, struct out *out)
{
	const struct call *call = &report->held->call;

	if (write_held(report, out))
		return -1;
	if (report->held->is_entry) {
		add_begun(&report->begun, report->held->record.sequence);
		show_next(report);
		return 0;
	}
	if (report->counts && counts_add(report->counts, call, report->held->table))
		trace_reader_refuse(report->reader, 0,
				    "there is not enough memory to count its calls");
	if (!report->state.clock)
		report->state.clock = call->record->clock;
	remember_troubles(report, call);
	report->state.shown++;
	show_next(report);
	return 0;
}

/* 0, or -1 where there is no room. */
static int end_line(struct out *out, struct text_style *style)
{
	struct text_style before = *style;

	show_no_end(out, style);
	if (!out->is_full)
		return 0;
	out->is_full = 0;
	*style = before;
	return -1;
}

/* There is nothing more in the file. */
static enum report_step finish(struct report *report, struct out *out)
{
	const struct trace_damage *damage = trace_reader_damage(report->reader);

	if (report->held) {
		add_findings(report, report->held);
		if (selects(report, report->held, NULL) && show_held(report, out))
			return REPORT_FULL;
	}
	if (end_line(out, &report->state.style))
		return REPORT_FULL;
	if (damage) {
		report->state.damage = damage->what;
		report->state.offset = damage->offset;
	}
	return REPORT_OVER;
}

static enum report_step hand_out_table(struct report *report, const struct trace_item *item)
{
	report->state.table = item->bytes;
	report->state.table_size = item->size;
	report->state.offset = item->offset;
	return REPORT_TABLE;
}

static enum report_step run(struct report *report, struct out *out)
{
	struct trace_item item;

	if (report->is_asked)
		take_answer(report);
	for (;;) {
		if (report->held && report->next && show_held(report, out))
			return REPORT_FULL;
		if (report->asked)
			return ask(report, out);
		switch (trace_reader_next(report->reader, &item)) {
		case TRACE_RECORD:
			take_record(report, &item);
			break;
		case TRACE_TABLE:
			return hand_out_table(report, &item);
		case TRACE_HUNGRY:
			if (report->is_live && report->held && show_held(report, out))
				return REPORT_FULL;
			return REPORT_HUNGRY;
		case TRACE_OVER:
			return finish(report, out);
		}
	}
}

enum report_step report_run(struct report *report, char *text, size_t room, size_t *used)
{
	struct out out = {text, text + room, 0};
	enum report_step step = run(report, &out);

	*used = (size_t)(out.at - text);
	report->state.records = trace_reader_records(report->reader);
	return step;
}

const char *report_unsaid(struct report *report)
{
	struct trace_losses *losses = trace_reader_losses(report->reader);

	losses->has_unknown_clock = 0; /* of no time shown */
	return losses_take(losses, report->unsaid, sizeof(report->unsaid)) ? report->unsaid : NULL;
}

size_t report_rows(struct report *report, uint8_t *to, size_t room)
{
	size_t size = counts_rows(report->counts, to, room);

	if (size <= room)
		counts_forget(report->counts);
	return size;
}

const char *report_trouble(const struct report *report, uint32_t index)
{
	return index < report->troubles ? report->trouble[index] : NULL;
}
