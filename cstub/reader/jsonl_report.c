/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdlib.h>
#include <string.h>

#include "jsonl_report.h"
#include "report_templates.h"

#define MILLION	    1000000
#define LONGEST_SUM (1u << 20) /* of a template's text with its holes filled */
#define MICROS_SIZE 24u

struct jsonl_report {
	struct report_templates templates;
	struct live_order order;
	struct jsonl_cut cut;
};

struct jsonl_report *jsonl_report_new(int started, double start)
{
	struct jsonl_report *report = calloc(1, sizeof(*report));

	if (report) {
		live_init(&report->order);
		report->order.started = started != 0;
		report->order.start = start;
	}
	return report;
}

void jsonl_report_free(struct jsonl_report *report)
{
	if (report) {
		templates_forget(&report->templates);
		live_free(&report->order);
	}
	free(report);
}

static int is_whole(const struct jsonl_cut *cut, const uint8_t *pieces, uint32_t size)
{
	struct jsonl_piece piece;
	uint64_t longest = 0;
	uint8_t section = 0;

	for (; size; size -= (uint32_t)sizeof(piece) + piece.size) {
		if (size < sizeof(piece))
			return 0;
		memcpy(&piece, pieces, sizeof(piece));
		if ((piece.hole > cut->holes && piece.hole != JSONL_MICROS) ||
		    piece.section < section || piece.section >= LIVE_SECTIONS ||
		    piece.size > size - sizeof(piece))
			return 0;
		longest += piece.size + MICROS_SIZE; /* no hole is longer than that */
		section = piece.section;
		pieces += sizeof(piece) + piece.size;
	}
	return longest <= LONGEST_SUM;
}

int jsonl_report_learn(struct jsonl_report *report, const struct jsonl_cut *cut, uint32_t flags,
		       const uint8_t *pieces, uint32_t size)
{
	uint8_t template[sizeof(flags) + JSONL_LONGEST_TEMPLATE];

	if (size > JSONL_LONGEST_TEMPLATE || !is_whole(cut, pieces, size))
		return -1;
	memcpy(template, &flags, sizeof(flags));
	memcpy(template + sizeof(flags), pieces, size);
	return template_add(&report->templates, cut->key, cut->key_size, template,
			    (uint32_t)sizeof(flags) + size);
}

int jsonl_report_add(struct jsonl_report *report, const struct live_call *call, const char *text)
{
	struct live_call copy = *call;
	size_t size = 0;

	for (int i = 0; i < LIVE_SECTIONS; i++)
		size += call->size[i];
	copy.text = malloc(size + 1);
	copy.number = copy.entered = copy.begun = 0;
	if (!copy.text)
		return -1;
	memcpy(copy.text, text, size);
	live_add(&report->order, &copy);
	return 0;
}

static uint32_t put_micros(char *to, uint64_t micros)
{
	uint64_t left = micros / MILLION;
	uint32_t at = MICROS_SIZE, size;

	for (uint32_t i = 0; i < 6; i++, micros /= 10)
		to[--at] = (char)('0' + micros % 10);
	to[--at] = '.';
	do
		to[--at] = (char)('0' + left % 10);
	while (left /= 10);
	size = MICROS_SIZE - at;
	memmove(to, to + at, size);
	return size;
}

static uint32_t fill(char *to, const struct jsonl_cut *cut, const char *line, uint8_t hole)
{
	if (hole == JSONL_MICROS)
		return put_micros(to, (uint64_t)cut->duration);
	if (!hole)
		return 0;
	memcpy(to, line + cut->hole[hole - 1].at, cut->hole[hole - 1].size);
	return cut->hole[hole - 1].size;
}

/* The text of a line, in call->text; 0, or -1 without memory. */
static int put_together(struct live_call *call, const struct jsonl_cut *cut, const char *line,
			const uint8_t *pieces, uint32_t size)
{
	struct jsonl_piece piece;
	size_t room = 0;
	uint32_t added;
	char *to;

	for (uint32_t at = 0; at < size; at += (uint32_t)sizeof(piece) + piece.size) {
		memcpy(&piece, pieces + at, sizeof(piece));
		room += piece.size + MICROS_SIZE;
	}
	to = call->text = malloc(room + 1);
	for (uint32_t at = 0; to && at < size; at += (uint32_t)sizeof(piece) + piece.size) {
		memcpy(&piece, pieces + at, sizeof(piece));
		memcpy(to, pieces + at + sizeof(piece), piece.size);
		added = piece.size + fill(to + piece.size, cut, line, piece.hole);
		call->size[piece.section] += added;
		to += added;
	}
	return to ? 0 : -1;
}

static int add_line(struct jsonl_report *report, const char *line, size_t size)
{
	const struct jsonl_cut *cut = &report->cut;
	const struct report_template *template;
	struct live_call call = {.seq = 0};
	uint32_t head = sizeof(call.flags);

	if (jsonl_cut(line, size, &report->cut))
		return -1;
	template = template_find(&report->templates, cut->key, cut->key_size);
	if (!template)
		return -1;
	memcpy(&call.flags, template->pieces, head);
	if (put_together(&call, cut, line, template->pieces + head, template->size - head))
		return -1;
	call.seq = cut->seq;
	call.time = call.shown = (double)cut->time / MILLION;
	call.end = call.time + (double)cut->duration / MILLION;
	call.resumed = (double)(cut->time + cut->duration) / MILLION;
	live_add(&report->order, &call);
	return 0;
}

size_t jsonl_report_run(struct jsonl_report *report, const char *lines, size_t size,
			uint64_t *count)
{
	const char *at = lines, *end;

	*count = 0;
	while ((end = memchr(at, '\n', size - (size_t)(at - lines)))) {
		if (add_line(report, at, (size_t)(end - at)))
			break;
		at = end + 1;
		++*count;
	}
	return (size_t)(at - lines);
}

void jsonl_report_flush(struct jsonl_report *report)
{
	live_flush(&report->order);
}

const char *jsonl_report_text(struct jsonl_report *report, size_t *size)
{
	struct live_text *text = &report->order.text;

	*size = text->size;
	text->size = 0;
	return text->failed ? NULL : text->bytes ? text->bytes : "";
}

int jsonl_report_started(const struct jsonl_report *report, double *start)
{
	*start = report->order.start;
	return report->order.started;
}
