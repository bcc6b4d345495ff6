/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Asks a tree of values what it holds.
 */
#include "value.h"

#include <string.h>

struct value *value_field(const struct table *table, const struct value *value, const char *name,
			  uint32_t length)
{
	struct value *field = value->kind == VALUE_STRUCT ? value->first : NULL;

	for (; field; field = field->next) {
		struct table_text text = table_text(table, field->name);

		if (text.length == length && memcmp(text.text, name, length) == 0)
			return field;
	}
	return NULL;
}
