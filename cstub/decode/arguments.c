/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Decodes arguments by their kinds: numbers, and structures from what was captured with the call.
 */
#include "arguments.h"

#include <string.h>

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
		.memory = call->memory[side],
		.left = VALUE_BYTES,
	};
}

/* Whether anything is known of what an argument points at. What the hypervisor alone writes is not
   read before that, nor where the call failed. */
static int is_known(const struct decoder *decoder, const struct call *call, uint8_t direction)
{
	int is_unwritten = decoder->memory == call->memory[0] || call_failed(call);

	if (decoder->memory)
		return direction != DIRECTION_OUT || !is_unwritten;
	return decoder->count != 0;
}

/* Memory at the argument's address, as it was at that end of the call. */
static struct span memory_of(const struct decoder *decoder, const struct argument *argument,
			     uint32_t type)
{
	const struct capture *first = decoder->captures;
	struct span data = {first->bytes, first->size};

	if (!decoder->count || !first->is_first)
		return captured_at(decoder, argument->call->record->argument[argument->index]);
	if (!argument->is_first || !is_structure(type_entry(decoder->table, type)))
		data.size = 0;
	return data;
}

/* So many characters, up to the first NUL; 0 if they are not known. */
static int decode_text(struct decoder *decoder, struct value *value, uint64_t address,
		       uint64_t count)
{
	struct span data = decoder->memory ? read_bytes(decoder, address, count)
					   : captured_at(decoder, address);

	if (!data.bytes || data.size < count)
		return 0;
	decode_characters(value, (struct span){data.bytes, (uint32_t)count});
	return 1;
}

/* How many there are of what the argument leads to: as another argument says. */
static uint64_t count_of(const struct decoder *decoder, const struct argument *argument,
			 const struct target *to)
{
	const struct call *call = argument->call;
	const uint8_t *entry = call_entry(decoder->table, call->entry);
	uint32_t index = to->counter - 1u;

	if (index >= call_arguments(entry) || index >= call->record->arguments)
		return 0;
	return low_bits(call->record->argument[index],
			argument_bits(table_argument(decoder->table, entry, index)));
}

static struct value *decode_counted(struct decoder *decoder, const struct argument *argument,
				    const struct target *to)
{
	uint64_t address = argument->call->record->argument[argument->index];
	struct pointee pointee = {to->type, to->direction, 1, count_of(decoder, argument, to)};
	const uint8_t *type = type_entry(decoder->table, to->type);
	struct value *value = new_value(decoder->arena);
	int is_text = type_kind(type) == TYPE_SCALAR && type_size(type) == 1;

	if (!value)
		return NULL;
	if (is_text ? decode_text(decoder, value, address, pointee.count)
		    : decode_list(decoder, value, &pointee, address))
		return value;
	if (!decoder->memory)
		return NULL;
	make_unreadable(decoder, value, address, decoder->why);
	return value;
}

static struct value *decode_target(struct decoder *decoder, const struct argument *argument,
				   const struct target *to)
{
	uint32_t type = to->type, size = type_size(type_entry(decoder->table, type));
	struct value *value;
	struct span data;

	if (to->counter)
		return decode_counted(decoder, argument, to);
	if (decoder->memory)
		return read_type(decoder, type, argument->call->record->argument[argument->index]);
	data = memory_of(decoder, argument, type);
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

/* Take out the fields that are the hypervisor's to write. */
static void drop_outputs(struct value *value)
{
	struct value **tail = &value->first;

	if (value->kind != VALUE_STRUCT)
		return;
	while (*tail) {
		if ((*tail)->roles & FIELD_OUT)
			*tail = (*tail)->next;
		else
			tail = &(*tail)->next;
	}
}

/* What a structure was at both ends; the address alone where nothing is known of it. */
static struct value *decode_both(struct call *call, const struct argument *argument,
				 const struct table *table, struct arena *arena)
{
	struct decoder in = decoder_at(call, table, arena, 0),
		       out = decoder_at(call, table, arena, 1);
	struct target to = argument_target(table, argument->entry, call->record);
	int is_written = call->record->state == HYPERCALL_RETURNED || !call_is_live(call);
	struct value *before = NULL, *after = NULL;

	if (to.type == TABLE_NONE)
		return bare(argument, arena);
	if (is_known(&in, call, to.direction))
		before = decode_target(&in, argument, &to);
	if (in.no_truths && argument_kind(argument->entry) == ARGUMENT_PTR &&
	    to.direction == DIRECTION_IN)
		find_no_truths(call, table, arena, argument->entry, before);
	if (is_known(&out, call, to.direction))
		after = decode_target(&out, argument, &to);
	if (before && after)
		return value_merge(before, after, arena);
	if (before && !is_written)
		drop_outputs(before);
	if (!before)
		before = after;
	if (!before && !is_written && to.direction == DIRECTION_OUT)
		return NULL;
	return before ? before : bare(argument, arena);
}

struct table_text argument_absence(const struct call *call, const struct table *table,
				   struct arena *arena, uint32_t index)
{
	static const char *const REASONS[] = {"no memory there", "memory ends at"};
	const uint8_t *entry = table_argument(table, call_entry(table, call->entry), index);
	struct decoder decoder = decoder_at(call, table, arena, 1);
	struct target to = argument_target(table, entry, call->record);
	struct value *value = NULL;

	if (decoder.memory && to.type != TABLE_NONE)
		value = read_type(&decoder, to.type, call->record->argument[index]);
	for (uint32_t i = 0; value && value->flags & VALUE_UNREADABLE && i < 2; i++)
		if (strncmp(value->first->text.text, REASONS[i], strlen(REASONS[i])) == 0)
			return value->first->text;
	return literal_text("");
}

int arguments_lead_somewhere(const struct table *table, const uint8_t *entry)
{
	for (uint32_t i = 0; i < call_arguments(entry); i++) {
		const uint8_t *argument = table_argument(table, entry, i);

		if (argument_kind(argument) == ARGUMENT_PTR ||
		    (argument_kind(argument) == ARGUMENT_ADDR &&
		     argument_selection(argument) != TABLE_NONE))
			return 1;
	}
	return 0;
}

/* What an ADDR is in this call; NULL where nothing says it. */
static const uint8_t *selected_case(const struct table *table, const uint8_t *argument,
				    const struct record *record)
{
	uint32_t index = argument_selection(argument);
	const uint8_t *selection;
	uint64_t number;

	if (argument_kind(argument) != ARGUMENT_ADDR || index == TABLE_NONE)
		return NULL;
	selection = selection_entry(table, index);
	number = record->argument[selection_argument(selection)] >> selection_offset(selection);
	return table_case(table, selection, low_bits(number, selection_bits(selection)));
}

struct target argument_target(const struct table *table, const uint8_t *argument,
			      const struct record *record)
{
	const uint8_t *one = selected_case(table, argument, record);

	if (argument_kind(argument) == ARGUMENT_PTR)
		return (struct target){argument_type(argument), argument_direction(argument), 0};
	if (!one || case_direction(one) == DIRECTION_REGISTERS)
		return (struct target){TABLE_NONE, 0, 0};
	return (struct target){case_target(one), case_direction(one), case_counter(one)};
}

/* Of what stands in registers itself, this argument's and those behind it, the type; or NONE. */
static uint32_t type_in_registers(const struct call *call, const struct argument *argument,
				  const struct table *table)
{
	const uint8_t *one = selected_case(table, argument->entry, call->record);

	return one && case_direction(one) == DIRECTION_REGISTERS ? case_target(one) : TABLE_NONE;
}

/* Registers whose bits are those of a structure: as many of its fields as they have. */
static void decode_packed(struct decoder *decoder, struct value *value, uint32_t type,
			  const uint64_t *registers, uint32_t count)
{
	uint8_t *bytes = arena_take(decoder->arena, count * sizeof(*registers));

	if (!bytes)
		return;
	for (uint32_t i = 0; i < count * sizeof(*registers); i++)
		bytes[i] = (uint8_t)(registers[i / 8] >> 8 * (i % 8));
	decode_type(decoder, value, type, (struct span){bytes, count * 8}, 0);
}

/* How many one stands in, one at least. */
static uint32_t registers_of(const struct table *table, uint32_t type)
{
	uint32_t size = type_size(type_entry(table, type));

	return size ? (size - 1) / 8 + 1 : 1;
}

/* A structure in this argument's register and those behind it, if they are the call's. */
static struct value *decode_in_registers(struct call *call, const struct argument *argument,
					 const struct table *table, struct arena *arena,
					 uint32_t type)
{
	uint32_t count = registers_of(table, type), have = call->record->arguments;
	struct decoder decoder = decoder_at(call, table, arena, 0);
	struct value *value = bare(argument, arena);

	decoder.memory = NULL;
	if (value && count <= have - argument->index)
		decode_packed(&decoder, value, type, &call->record->argument[argument->index],
			      count);
	return value;
}

static struct value *decode_register(struct call *call, const struct argument *argument,
				     const struct table *table, struct arena *arena)
{
	uint32_t bits = argument_bits(argument->entry), type = argument_type(argument->entry);
	uint32_t names = argument_enum(argument->entry);
	struct value *value = bare(argument, arena);

	if (!value)
		return NULL;
	value->number = low_bits(value->number, bits);
	if (bits < 64)
		value->kind = VALUE_NUMBER;
	if (type != TABLE_NONE) {
		struct decoder decoder = decoder_at(call, table, arena, 0);

		decoder.memory = NULL; /* no pointers are packed */
		decode_packed(&decoder, value, type, &value->number, 1);
	} else if (names != TABLE_NONE) {
		decode_name(table, value, names);
	}
	return value;
}

static struct value *decode_argument(struct call *call, const struct argument *argument,
				     const struct table *table, struct arena *arena)
{
	uint32_t type = type_in_registers(call, argument, table);

	if (type != TABLE_NONE)
		return decode_in_registers(call, argument, table, arena, type);
	switch (argument_kind(argument->entry)) {
	case ARGUMENT_PTR:
	case ARGUMENT_ADDR:
		return decode_both(call, argument, table, arena);
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
	const uint8_t *entry = call_entry(table, call->entry);
	uint32_t count = call_arguments(entry), pointers = 0;

	for (uint32_t i = 0; i < count && i < call->record->arguments; i++) {
		struct argument argument = {call, table_argument(table, entry, i), i, 0};

		if (argument_kind(argument.entry) == ARGUMENT_PTR) {
			argument.is_first = !pointers;
			pointers++;
		}
		call->argument[i] = decode_argument(call, &argument, table, arena);
		if (type_in_registers(call, &argument, table) != TABLE_NONE)
			i += registers_of(table, type_in_registers(call, &argument, table)) - 1;
	}
}
