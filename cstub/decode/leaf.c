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

void leaf_set(struct out *out, const struct table *table, const struct value *value,
	      void (*out_name)(struct out *out, const char *text, size_t length))
{
	const uint8_t *names = NULL, *at = NULL, *end = NULL;
	uint64_t rest = value->number;
	int is_first = 1;

	if (value->enumeration != TABLE_NONE) {
		names = enum_entry(table, value->enumeration);
		at = enumerator_entry(table, enum_first_value(names));
		end = at + (size_t)enum_values(names) * TABLE_VALUE_SIZE;
	}
	for (; at < end; at += TABLE_VALUE_SIZE) {
		uint64_t bits = enumerator_value(at);
		struct table_text name;

		if (!bits || (value->number & bits) != bits)
			continue;
		if (!is_first)
			out_char(out, '|');
		name = table_text(table, enumerator_name(at));
		out_name(out, name.text, name.length);
		rest &= ~bits;
		is_first = 0;
	}
	if (!is_first && rest)
		out_char(out, '|');
	if (is_first || rest)
		out_hex(out, rest);
}
