/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Writes numbers, bytes and sets of names.
 */
#include "leaf.h"

void leaf_number(struct out *out, const struct value *value)
{
	if (value->flags & VALUE_NO_TRUTH)
		out_decimal(out, value->number);
	else
		out_signed(out, (int64_t)value->number);
}

void leaf_bytes(struct out *out, const struct value *value)
{
	static const char DIGITS[] = "0123456789abcdef";

	for (uint32_t i = 0; i < value->size; i++) {
		char pair[] = {DIGITS[value->bytes[i] >> 4], DIGITS[value->bytes[i] & 15]};

		out_bytes(out, pair, sizeof(pair));
	}
}

/* The names of all values that are in `number`; what of it has none. */
static uint64_t out_names(struct out *out, const struct table *table, const uint8_t *names,
			  uint64_t number,
			  void (*out_name)(struct out *out, const char *text, size_t length))
{
	uint32_t first = enum_first_value(names), count = enum_values(names);
	uint64_t rest = number;

	for (uint32_t i = 0; i < count; i++) {
		const uint8_t *one = enumerator_entry(table, first + i);
		uint64_t bits = enumerator_value(one);
		struct table_text name = table_text(table, enumerator_name(one));

		if (!bits || (number & bits) != bits)
			continue;
		if (rest != number)
			out_char(out, '|');
		out_name(out, name.text, name.length);
		rest &= ~bits;
	}
	return rest;
}

void leaf_set(struct out *out, const struct table *table, const struct value *value,
	      void (*out_name)(struct out *out, const char *text, size_t length))
{
	uint64_t number = value->number, rest = number;

	if (value->enumeration != TABLE_NONE)
		rest = out_names(out, table, enum_entry(table, value->enumeration), number,
				 out_name);
	if (rest && rest != number)
		out_char(out, '|');
	if (rest || !number)
		out_hex(out, rest);
}
