// SPDX-License-Identifier: BSD-3-Clause
/*
 * Shows a record of a guest's ring, or one of version 2, by way of the decoder, for a test that has
 * its bytes.
 */
#include <string.h>

#include "call.h"
#include "record.h"
#include "show.h"

enum form { FORM_JSON, FORM_TEXT, FORM_VERBOSE };

struct shown_record {
	const struct table *table;
	const struct ring_layout *layout; /* NULL: it is of version 2 */
	const uint8_t *bytes;
	uint64_t size; /* of one of version 2 */
	uint64_t hz, seq;
	uint32_t ring;
	int overwritten;
	const char *file, *function; /* NULL: not known */
	uint64_t line;
};

/* Bytes that a table takes which table_check() fills. */
size_t size_of_table(void)
{
	return sizeof(struct table);
}

static struct table_text text_of(const char *text)
{
	return (struct table_text){text, text ? (uint32_t)strlen(text) : 0};
}

static int read_record(struct record *record, const struct shown_record *shown)
{
	if (!shown->layout)
		return record_of_bytes(record, shown->bytes, shown->size) != 0;
	record_of_ring(record, shown->layout, shown->bytes, shown->ring, shown->overwritten);
	return 1;
}

/*
 * The characters written to `text`, of which there are `size`; 0 where that is too little, or where
 * the bytes cannot be a record.
 */
size_t show_record(const struct shown_record *shown, enum form form, char *text, size_t size)
{
	static uint64_t memory[1 << 17];
	struct arena arena = {(uint8_t *)memory, (uint8_t *)memory + sizeof(memory), 0};
	struct place place = {text_of(shown->file), text_of(shown->function), shown->line};
	struct circumstances with = {
		.hz = shown->hz,
		.seq = shown->seq,
		.place = &place,
	};
	struct text_style style = {.is_verbose = form == FORM_VERBOSE};
	struct out out = {text, text + size, 0};
	struct record record;
	struct call call;

	if (!read_record(&record, shown))
		return 0;
	call_decode(&call, &record, shown->table, &with, &arena);
	if (form == FORM_JSON)
		show_json(&out, &call, shown->table);
	else
		show_text(&out, &call, shown->table, &style);
	return arena.is_full || out.is_full ? 0 : (size_t)(out.at - text);
}
