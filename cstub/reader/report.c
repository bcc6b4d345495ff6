/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdlib.h>
#include <string.h>

#include "acrn_ring.h"
#include "report.h"
#include "report_layouts.h"
#include "report_templates.h"

#define MILLION	   1000000u
#define MAX_MICROS 1000000000000000ull /* past this Python's floating point rounds */

struct report {
	uint64_t tsc_hz;
	int64_t start;
	int relative;
	struct report_layouts layouts;
	struct report_templates templates;
};

/* What the holes of a record's template are filled with. */
struct filling {
	int64_t time;
	int64_t duration;
	const struct report_field *fields;
	const uint8_t *record;
};

struct report *report_new(uint64_t tsc_hz, uint32_t record_size, uint32_t capture_offset)
{
	struct report *report;

	if (!tsc_hz || tsc_hz > 100000 * (uint64_t)MILLION ||
	    record_size < sizeof(struct acrn_record) || record_size % 8 ||
	    capture_offset > record_size - sizeof(struct acrn_capture))
		return NULL;
	report = calloc(1, sizeof(*report));
	if (report) {
		report->tsc_hz = tsc_hz;
		report->layouts.record_size = record_size;
		report->layouts.capture_offset = capture_offset;
	}
	return report;
}

void report_free(struct report *report)
{
	if (report)
		templates_forget(&report->templates);
	free(report);
}

void report_start(struct report *report, int64_t micros, int relative)
{
	report->start = micros;
	report->relative = relative;
}

int64_t report_started(const struct report *report)
{
	return report->start;
}

int report_layout(struct report *report, const uint8_t *record, const uint8_t *mask,
		  const struct report_field *fields, uint32_t count)
{
	return layout_add(&report->layouts, record, mask, fields, count);
}

static int is_whole(const struct report_layout *layout, const uint8_t *pieces, uint32_t size)
{
	struct report_piece piece;
	uint64_t longest = 0;

	while (size) {
		if (size < sizeof(piece))
			return 0;
		memcpy(&piece, pieces, sizeof(piece));
		if (piece.hole >= REPORT_HOLES || piece.size > size - sizeof(piece) ||
		    (piece.hole >= REPORT_DECIMAL && piece.field >= layout->fields))
			return 0;
		longest += piece.size + 32u; /* no hole is longer than that */
		pieces += sizeof(piece) + piece.size;
		size -= (uint32_t)sizeof(piece) + piece.size;
	}
	return longest <= REPORT_LONGEST_LINE;
}

int report_learn(struct report *report, const uint8_t *record, const uint8_t *template,
		 uint32_t size)
{
	const struct report_layout *layout = layout_of(&report->layouts, record);
	uint8_t key[REPORT_LONGEST_KEY];

	if (!layout || size > REPORT_LONGEST_LINE || !is_whole(layout, template, size))
		return -1;
	return template_add(&report->templates, key,
			    layout_key(&report->layouts, layout, record, key), template, size);
}

static uint64_t micros_of(const struct report *report, uint64_t ticks)
{
	uint64_t seconds = ticks / report->tsc_hz, rest = ticks % report->tsc_hz;

	return seconds > MAX_MICROS / MILLION ? MAX_MICROS
					      : seconds * MILLION + rest * MILLION / report->tsc_hz;
}

static char *put_decimal(char *to, uint64_t value)
{
	char digits[20];
	int count = 0;

	do
		digits[count++] = (char)('0' + value % 10);
	while (value /= 10);
	while (count)
		*to++ = digits[--count];
	return to;
}

static char *put_hex(char *to, uint64_t value)
{
	int shift = value ? (63 - __builtin_clzll(value)) & ~3 : 0;

	*to++ = '0';
	*to++ = 'x';
	for (; shift >= 0; shift -= 4)
		*to++ = "0123456789abcdef"[value >> shift & 15];
	return to;
}

static char *put_digits(char *to, uint64_t value, unsigned int bits)
{
	for (int shift = (int)(bits & ~3u) - 4; shift >= 0; shift -= 4)
		*to++ = "0123456789abcdef"[value >> shift & 15];
	return to;
}

static char *put_seconds(char *to, int64_t micros)
{
	uint64_t left = micros < 0 ? 0 - (uint64_t)micros : (uint64_t)micros;

	if (micros < 0)
		*to++ = '-';
	to = put_decimal(to, left / MILLION);
	*to++ = '.';
	left %= MILLION;
	for (uint32_t digit = MILLION / 10; digit; digit /= 10)
		*to++ = (char)('0' + left / digit % 10);
	return to;
}

static char *fill(char *to, const struct report_piece *piece, const struct filling *filling)
{
	const struct report_field *field = filling->fields;

	if (piece->hole >= REPORT_DECIMAL)
		field += piece->field;
	switch (piece->hole) {
	case REPORT_TIME:
		return put_seconds(to, filling->time);
	case REPORT_DURATION:
		return put_seconds(to, filling->duration);
	case REPORT_DECIMAL:
		return put_decimal(to, layout_value(field, filling->record));
	case REPORT_HEX:
		return put_hex(to, layout_value(field, filling->record));
	case REPORT_DIGITS:
		return put_digits(to, layout_value(field, filling->record), field->bits);
	}
	return to;
}

static char *put_line(char *to, const struct report_template *template,
		      const struct filling *filling)
{
	const uint8_t *at = template->pieces, *end = at + template->size;
	struct report_piece piece;

	while (at < end) {
		memcpy(&piece, at, sizeof(piece));
		memcpy(to, at + sizeof(piece), piece.size);
		at += sizeof(piece) + piece.size;
		to = fill(to + piece.size, &piece, filling);
	}
	return to;
}

/* The record's text, or NULL if it needs another's look: only plain, complete ones are made here.
 */
static char *put_record(struct report *report, const uint8_t *bytes, char *to)
{
	const struct report_layout *layout = layout_of(&report->layouts, bytes);
	const struct report_template *template;
	struct acrn_record record;
	uint64_t time, duration;
	uint8_t key[REPORT_LONGEST_KEY];

	memcpy(&record, bytes, sizeof(record));
	if (!layout || (record.word & ACRN_WORD_STATE_MASK) != ACRN_RECORD_RETURNED ||
	    record.tsc_return < record.tsc_entry)
		return NULL;
	time = micros_of(report, record.tsc_entry);
	duration = micros_of(report, record.tsc_return - record.tsc_entry);
	template = template_find(&report->templates, key,
				 layout_key(&report->layouts, layout, bytes, key));
	if (!template || time >= MAX_MICROS || duration >= MAX_MICROS)
		return NULL;
	to = put_line(to, template,
		      &(struct filling){.time = (int64_t)time - report->start,
					.duration = (int64_t)duration,
					.fields = layout->field,
					.record = bytes});
	if (report->relative)
		report->start = (int64_t)time;
	return to;
}

/* The cursor whose next call was made first; `count` if all are at their end. */
static uint32_t first_of(const struct report *report, const struct report_cursor *cursors,
			 uint32_t count)
{
	uint64_t best = 0, entry;
	uint32_t first = count;

	for (uint32_t i = 0; i < count; i++) {
		if ((size_t)(cursors[i].end - cursors[i].at) < report->layouts.record_size)
			continue;
		memcpy(&entry, cursors[i].at + offsetof(struct acrn_record, tsc_entry), 8);
		if (first == count || entry < best) {
			first = i;
			best = entry;
		}
	}
	return first;
}

size_t report_run(struct report *report, struct report_cursor *cursors, uint32_t count, char *text,
		  size_t room, uint32_t *why, uint32_t *which)
{
	char *to = text, *next;

	*why = REPORT_FULL;
	while (room - (size_t)(to - text) >= REPORT_LONGEST_LINE) {
		*which = first_of(report, cursors, count);
		if (*which == count) {
			*why = REPORT_DONE;
			break;
		}
		next = put_record(report, cursors[*which].at, to);
		if (!next) {
			*why = REPORT_UNKNOWN;
			break;
		}
		to = next;
		cursors[*which].at += report->layouts.record_size;
	}
	return (size_t)(to - text);
}
