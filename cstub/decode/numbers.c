/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Decodes numbers by their types: names, sets, bools, with a sign or without.
 */
#include "decoder.h"

static const uint8_t *enum_value(const struct table *table, uint32_t index, uint64_t number)
{
	const uint8_t *names = enum_entry(table, index);
	uint32_t first = enum_first_value(names), count = enum_values(names);
	const uint8_t *at = enumerator_entry(table, first);

	/* Most begin with 0 and leave none out. */
	if (number < count && enumerator_value(at + number * TABLE_VALUE_SIZE) == number)
		return at + number * TABLE_VALUE_SIZE;
	for (; count; count--, at += TABLE_VALUE_SIZE)
		if (enumerator_value(at) == number)
			return at;
	return NULL;
}

int decode_name(const struct table *table, struct value *value, uint32_t index)
{
	const uint8_t *entry = enum_value(table, index, value->number);

	if (!entry)
		return 0;
	value->kind = VALUE_NAME;
	value->text = table_text(table, enumerator_name(entry));
	value->flags = enumerator_flags(entry) & VALUE_IS_ZERO ? VALUE_ZERO : 0;
	return 1;
}

/* The number that so many bits are, if the highest is its sign. */
static uint64_t extended(uint64_t number, uint32_t bits)
{
	uint64_t sign = (uint64_t)1 << (bits - 1);

	return (number ^ sign) - sign;
}

void decode_number(struct decoder *decoder, struct value *value, uint32_t type, uint64_t number,
		   uint32_t bits, uint32_t roles)
{
	const uint8_t *entry = type_entry(decoder->table, type);
	uint32_t names = type_enum(entry);

	value->number = number;
	value->kind = VALUE_NUMBER;
	if (roles & FIELD_FLAGS) {
		value->kind = VALUE_SET;
		value->enumeration = names;
	} else if (names != TABLE_NONE && decode_name(decoder->table, value, names)) {
		return;
	} else if (number > 1 && (type_flags(entry) & TYPE_BOOLEAN || roles & FIELD_BOOL)) {
		value->flags = VALUE_NO_TRUTH;
		decoder->no_truths++;
	} else if (bits == 64 || roles & FIELD_HEX) {
		value->kind = VALUE_HEX;
	} else if (type_flags(entry) & TYPE_SIGNED) {
		value->number = extended(number, bits);
	}
}
