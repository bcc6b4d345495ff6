/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reads what addresses lead to in memory that can be read, no more than an argument may have.
 */
#include <string.h>

#include "decoder.h"
#include "text_in_arena.h"

static struct span unread(struct decoder *decoder, struct table_text why)
{
	decoder->why = why;
	return (struct span){0};
}

struct span read_bytes(struct decoder *decoder, uint64_t address, uint64_t size)
{
	struct arena *arena = decoder->arena;
	uint8_t *bytes = arena->at;
	struct out out;
	const char *why;

	if (size > decoder->left)
		return unread(decoder,
			      literal_text("more than 262144 bytes to read for one argument"));
	decoder->left -= (uint32_t)size;
	if (!arena_take(arena, size))
		return unread(decoder, literal_text(""));
	why = decoder->memory->read(decoder->memory->context, address, bytes, (uint32_t)size);
	if (!why)
		return (struct span){bytes, (uint32_t)size};
	arena->at = bytes;
	out = begin_text(arena);
	out_bytes(&out, why, strlen(why));
	return unread(decoder, keep_text(arena, &out));
}

_Static_assert(VALUE_BYTES == 262144, "read_bytes() says so");

/* A type of which there is a name alone. */
static struct span no_layout(struct decoder *decoder, const uint8_t *type)
{
	struct out out = begin_text(decoder->arena);

	out_literal(&out, "no layout of struct ");
	out_text(&out, table_text(decoder->table, type_name(type)));
	out_literal(&out, " is known");
	return unread(decoder, keep_text(decoder->arena, &out));
}

struct span read_extent(struct decoder *decoder, uint32_t index, uint64_t address)
{
	const uint8_t *type = type_entry(decoder->table, index), *rule;
	uint32_t size = type_size(type);
	struct span head;
	uint64_t said;

	if (is_unknown(decoder, index))
		return no_layout(decoder, type);
	if (type_size_rule(type) == TABLE_NONE)
		return read_bytes(decoder, address, size);
	rule = size_rule_entry(decoder->table, type_size_rule(type));
	head = read_bytes(decoder, address, size_rule_end(rule));
	if (!head.bytes)
		return head;
	said = said_size(rule, head);
	if (said < head.size)
		said = head.size;
	return read_bytes(decoder, address, said < size ? said : size);
}

void make_unreadable(struct decoder *decoder, struct value *value, uint64_t address,
		     struct table_text why)
{
	struct value *reason = new_value(decoder->arena);

	if (!reason)
		return;
	reason->kind = VALUE_NAME;
	reason->text = why;
	value->kind = VALUE_POINTER;
	value->flags = VALUE_UNREADABLE;
	value->number = address;
	value->first = reason;
}

struct value *read_type(struct decoder *decoder, uint32_t type, uint64_t address)
{
	struct value *value = new_value(decoder->arena);
	struct span data;

	if (!value)
		return NULL;
	data = read_extent(decoder, type, address);
	if (data.bytes)
		decode_type(decoder, value, type, data, 0);
	else
		make_unreadable(decoder, value, address, decoder->why);
	return value;
}
