/* SPDX-License-Identifier: BSD-3-Clause */
/* Shows one record of a guest's ring as JSON. */
#include <stdlib.h>
#include <string.h>

#include "call_slot.h"
#include "raw_record.h"
#include "show.h"

struct raw_decoder {
	struct table table;
	struct call_slot slot;
};

struct raw_decoder *raw_decoder_new(const void *table, size_t size)
{
	struct raw_decoder *decoder = calloc(1, sizeof(*decoder));

	if (decoder && (table_check(&decoder->table, table, size) || slot_init(&decoder->slot))) {
		raw_decoder_free(decoder);
		return NULL;
	}
	return decoder;
}

void raw_decoder_free(struct raw_decoder *decoder)
{
	if (decoder)
		slot_free(&decoder->slot);
	free(decoder);
}

static struct table_text text_of(const char *text)
{
	return (struct table_text){text, text ? (uint32_t)strlen(text) : 0};
}

size_t raw_record_json(struct raw_decoder *decoder, const struct raw_record *record, char *text,
		       size_t room)
{
	struct place place = {text_of(record->file), text_of(record->function), record->line};
	struct circumstances with = {record->hz, record->seq, &place, record->is_dump};
	struct call_slot *slot = &decoder->slot;
	struct out out = {text, text + room, 0};

	record_of_ring(&slot->record, &record->layout, record->bytes, record->ring,
		       record->is_overwritten);
	if (slot_decode(slot, &decoder->table, &with))
		return 0;
	show_json(&out, &slot->call, &decoder->table);
	return out.is_full ? 0 : (size_t)(out.at - text);
}
