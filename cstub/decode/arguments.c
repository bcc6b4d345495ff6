// SPDX-License-Identifier: BSD-3-Clause
/*
 * Decodes arguments by their kinds: numbers, and structures from what was captured with the call.
 */
#include "arguments.h"

#include "decoder.h"
#include "findings.h"

/* One argument of a call, and where it stands. */
struct argument {
	const struct call *call;
	const uint8_t *entry; /* in TABLE_ARGUMENTS_OF_CALLS */
	uint32_t index;
	int is_first; /* of the kind PTR: a ring has its memory alone */
};

static struct decoder decoder_at(const struct call *call, const struct table *table,
				 struct arena *arena, int side)
{
	return (struct decoder){
		.table = table,
		.arena = arena,
		.captures = call->record->captured[side],
		.count = call->record->captures[side],
		.left = VALUE_BYTES,
	};
}

/* Memory at the argument's address, as it was at that end of the call. */
static struct span memory_of(const struct decoder *decoder, const struct argument *argument,
			     uint32_t type)
{
	const struct capture *first = decoder->captures;
	struct span data = {first->bytes, first->size};

	if (!decoder->count || !first->is_first)
		return captured_at(decoder, argument->call->record->argument[argument->index]);
	if (!argument->is_first || !is_structure(table_type(decoder->table, type)))
		data.size = 0;
	return data;
}

static struct value *decode_target(struct decoder *decoder, const struct argument *argument,
				   uint32_t type)
{
	struct span data = memory_of(decoder, argument, type);
	uint32_t size = load32(table_type(decoder->table, type) + 4);
	struct value *value;

	if (data.size > size)
		data.size = size;
	if (data.size > decoder->left || !is_decodable(decoder->table, type, data))
		return NULL;
	decoder->left -= data.size;
	value = new_value(decoder->arena);
	if (value)
		decode_type(decoder, value, type, data, 0);
	return value;
}

static struct value *bare(const struct argument *argument, struct arena *arena)
{
	struct value *value = new_value(arena);

	if (value) {
		value->kind = VALUE_HEX;
		value->number = argument->call->record->argument[argument->index];
	}
	return value;
}

/* What a structure was at both ends; the address alone where nothing is known of it. */
static struct value *decode_both(struct call *call, const struct argument *argument, uint32_t type,
				 const struct table *table, struct arena *arena)
{
	struct decoder in = decoder_at(call, table, arena, 0),
		       out = decoder_at(call, table, arena, 1);
	struct value *before, *after;

	if (type == TABLE_NONE)
		return bare(argument, arena);
	before = in.count ? decode_target(&in, argument, type) : NULL;
	if (in.no_truths && argument->entry[0] == ARGUMENT_PTR &&
	    argument->entry[1] == DIRECTION_IN)
		find_no_truths(call, table, arena, argument->entry, before);
	after = out.count ? decode_target(&out, argument, type) : NULL;
	if (before && after)
		return value_merge(before, after, arena);
	if (!before)
		before = after;
	return before ? before : bare(argument, arena);
}

uint32_t selected_type(const struct table *table, const uint8_t *argument,
		       const struct record *record)
{
	uint32_t index = load32(argument + 16), selector, first, count;
	const uint8_t *selection;
	uint64_t number;

	if (index == TABLE_NONE)
		return TABLE_NONE;
	selection = table_entry(table, TABLE_SELECTIONS, index, TABLE_SELECTION_SIZE);
	selector = load32(selection);
	number = record->argument[selector] >> load32(selection + 4) &
		 ~(uint64_t)0 >> (64 - load32(selection + 8));
	first = load32(selection + 12);
	count = load32(selection + 16);
	for (uint32_t i = 0; i < count; i++) {
		const uint8_t *one = table_entry(table, TABLE_CASES, first + i, TABLE_CASE_SIZE);

		if (load64(one) == number)
			return load32(one + 8);
	}
	return TABLE_NONE;
}

/* A register whose bits are those of a structure: as many of its fields as a register has. */
static void decode_packed(struct decoder *decoder, struct value *value, uint32_t type)
{
	uint8_t *bytes = arena_take(decoder->arena, sizeof(value->number));

	if (!bytes)
		return;
	for (uint32_t i = 0; i < sizeof(value->number); i++)
		bytes[i] = (uint8_t)(value->number >> 8 * i);
	decode_type(decoder, value, type, (struct span){bytes, sizeof(value->number)}, 0);
}

static struct value *decode_register(struct call *call, const struct argument *argument,
				     const struct table *table, struct arena *arena)
{
	uint32_t bits = argument->entry[2], type = load32(argument->entry + 8);
	uint32_t names = load32(argument->entry + 12);
	struct value *value = bare(argument, arena);

	if (!value)
		return NULL;
	value->number &= ~(uint64_t)0 >> (64 - bits);
	if (bits < 64)
		value->kind = VALUE_NUMBER;
	if (type != TABLE_NONE) {
		struct decoder decoder = decoder_at(call, table, arena, 0);

		decode_packed(&decoder, value, type);
	} else if (names != TABLE_NONE) {
		decode_name(table, value, names);
	}
	return value;
}

static struct value *decode_argument(struct call *call, const struct argument *argument,
				     const struct table *table, struct arena *arena)
{
	switch (argument->entry[0]) {
	case ARGUMENT_PTR:
		return decode_both(call, argument, load32(argument->entry + 8), table, arena);
	case ARGUMENT_ADDR:
		return decode_both(call, argument,
				   selected_type(table, argument->entry, argument->call->record),
				   table, arena);
	case ARGUMENT_VALUE:
	case ARGUMENT_VMID:
		find_unread(call, table, arena, argument->entry, argument->index);
		/* fall through */
	default:
		return decode_register(call, argument, table, arena);
	}
}

void decode_arguments(struct call *call, const struct table *table, struct arena *arena)
{
	const uint8_t *entry = table_call_entry(table, call->entry);
	uint32_t count = load32(entry + 16), pointers = 0;

	for (uint32_t i = 0; i < count && i < call->record->arguments; i++) {
		struct argument argument = {call, table_argument(table, entry, i), i, 0};

		if (argument.entry[0] == ARGUMENT_PTR) {
			argument.is_first = !pointers;
			pointers++;
		}
		call->argument[i] = decode_argument(call, &argument, table, arena);
	}
}
