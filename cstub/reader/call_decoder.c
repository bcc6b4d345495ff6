/* SPDX-License-Identifier: BSD-3-Clause */
/* Decodes calls one by one to JSON. */
#include <stdlib.h>
#include <string.h>

#include "call_slot.h"
#include "call_decoder.h"
#include "show.h"

struct call_decoder {
	struct table table;
	struct call_slot slot;
};

struct call_decoder *call_decoder_new(const void *table, size_t size)
{
	struct call_decoder *decoder = calloc(1, sizeof(*decoder));

	if (decoder && (table_check(&decoder->table, table, size) || slot_init(&decoder->slot))) {
		call_decoder_free(decoder);
		return NULL;
	}
	return decoder;
}

void call_decoder_free(struct call_decoder *decoder)
{
	if (decoder)
		slot_free(&decoder->slot);
	free(decoder);
}

static struct table_text text_of(const char *text)
{
	return (struct table_text){text, text ? (uint32_t)strlen(text) : 0};
}

size_t raw_record_json(struct call_decoder *decoder, const struct raw_record *record, char *text,
		       size_t room)
{
	struct place place = {text_of(record->file), text_of(record->function), record->line};
	struct circumstances with = {
		.hz = record->hz,
		.seq = record->seq,
		.place = &place,
		.is_dump = record->is_dump,
	};
	struct call_slot *slot = &decoder->slot;
	struct out out = {text, text + room, 0};

	record_of_ring(&slot->record, &record->layout, record->bytes, record->ring,
		       record->is_overwritten);
	if (slot_decode(slot, &decoder->table, &with))
		return 0;
	show_json(&out, &slot->call, &decoder->table);
	return out.is_full ? 0 : (size_t)(out.at - text);
}

/* The memory of a callback, in `memory`; NULL where there is none. */
static const struct memory *memory_of(struct callback *callback, struct memory *memory)
{
	*memory = (struct memory){callback_why, callback};
	return callback ? memory : NULL;
}

size_t live_call_json(struct call_decoder *decoder, const struct live_call *call, char *text,
		      size_t room)
{
	struct place place = {text_of(call->file), text_of(call->function), call->line};
	struct memory memory[2];
	struct circumstances with = {
		.hz = 1,
		.place = &place,
		.memory = {memory_of(call->before, &memory[0]), memory_of(call->after, &memory[1])},
		.is_injected = call->is_injected,
	};
	struct call_slot *slot = &decoder->slot;
	struct out out = {text, text + room, 0};

	if (record_of_bytes(&slot->record, call->record, call->size) != call->size ||
	    slot_decode(slot, &decoder->table, &with))
		return 0;
	show_live_json(&out, &slot->call, &decoder->table);
	return out.is_full ? 0 : (size_t)(out.at - text);
}
