/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Writes a tree of values as JSON: each kind as its own form.
 */
#include "json_tree.h"
#include "leaf.h"

static void out_fields(struct out *out, const struct table *table, const struct value *value)
{
	out_char(out, '{');
	for (const struct value *field = value->first; field; field = field->next) {
		struct table_text name = table_text(table, field->name);

		if (field != value->first)
			out_char(out, ',');
		out_json_text(out, name.text, name.length);
		out_char(out, ':');
		json_tree(out, table, field);
	}
	out_char(out, '}');
}

static void out_list(struct out *out, const struct table *table, const struct value *value)
{
	out_char(out, '[');
	for (const struct value *each = value->first; each; each = each->next) {
		if (each != value->first)
			out_char(out, ',');
		json_tree(out, table, each);
	}
	out_char(out, ']');
}

static void out_pointer(struct out *out, const struct table *table, const struct value *value)
{
	int is_moved = value->flags & VALUE_MOVED;

	out_literal(out, "{\"address\":");
	if (is_moved) {
		out_literal(out, "{\"in\":");
		json_hex(out, value->moved_from);
		out_literal(out, ",\"out\":");
	}
	json_hex(out, value->number);
	if (is_moved)
		out_char(out, '}');
	if (value->flags & VALUE_UNREADABLE)
		out_literal(out, ",\"unreadable\":");
	else
		out_literal(out, ",\"points_to\":");
	json_tree(out, table, value->first);
	if (value->omitted) {
		out_literal(out, ",\"omitted\":");
		out_decimal(out, value->omitted);
	}
	out_char(out, '}');
}

static void out_change(struct out *out, const struct table *table, const struct value *value)
{
	out_literal(out, "{\"in\":");
	json_tree(out, table, value->first);
	out_literal(out, ",\"out\":");
	json_tree(out, table, value->first->next);
	out_char(out, '}');
}

static void out_leaf(struct out *out, const struct table *table, const struct value *value)
{
	out_char(out, '"');
	if (value->kind == VALUE_HEX)
		out_hex(out, value->number);
	else if (value->kind == VALUE_SET)
		leaf_set(out, table, value, out_json_part);
	else if (value->kind == VALUE_BYTES_OF)
		leaf_bytes(out, value);
	else
		out_literal(out, "redacted");
	out_char(out, '"');
}

/* Of bounded depth (value.h). */
void json_tree(struct out *out, const struct table *table, const struct value *value)
{
	switch (value->kind) {
	case VALUE_NUMBER:
		leaf_number(out, value);
		return;
	case VALUE_NAME:
		out_json_text(out, value->text.text, value->text.length);
		return;
	case VALUE_CHARACTERS:
		out_json_characters(out, value->bytes, value->size);
		return;
	case VALUE_STRUCT:
		out_fields(out, table, value);
		return;
	case VALUE_LIST:
		out_list(out, table, value);
		return;
	case VALUE_POINTER:
		out_pointer(out, table, value);
		return;
	case VALUE_CHANGE:
		out_change(out, table, value);
		return;
	}
	out_leaf(out, table, value);
}
