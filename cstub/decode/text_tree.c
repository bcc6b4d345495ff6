/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Writes a tree of values in a line of text, without most of what is 0.
 */
#include "leaf.h"
#include "text_tree.h"

#define MOST_ELEMENTS 16 /* of a list, unless verbose */
#define MOST_FIELDS   8	 /* a structure of more has those alone that are not 0 */

static uint32_t quoted_if(int is_quoted)
{
	return is_quoted ? TEXT_QUOTED : 0;
}

static int is_zero(const struct text_tree *to, const struct value *value, uint32_t how);

static int are_zero(const struct text_tree *to, const struct value *first, int are_fields,
		    uint32_t how)
{
	for (const struct value *each = first; each; each = each->next)
		if (!is_zero(to, each, are_fields ? quoted_if(each->roles & FIELD_QUOTED) : how))
			return 0;
	return 1;
}

static uint64_t pointer_of(const struct text_tree *to, const struct value *value)
{
	return to->is_at_entry && value->flags & VALUE_MOVED ? value->moved_from : value->number;
}

/* What is text, in quotes as well, is zero only where it is empty. */
static int is_zero(const struct text_tree *to, const struct value *value, uint32_t how)
{
	value = text_seen(to, value);
	switch (value->kind) {
	case VALUE_NUMBER:
		return !value->number;
	case VALUE_HEX:
	case VALUE_SET:
		return !value->number && !(how & TEXT_QUOTED);
	case VALUE_NAME:
		return value->flags & VALUE_ZERO && !(how & TEXT_QUOTED);
	case VALUE_CHARACTERS:
	case VALUE_BYTES_OF:
		return !value->size;
	case VALUE_POINTER:
		return !pointer_of(to, value) && !value->omitted && is_zero(to, value->first, 0);
	case VALUE_STRUCT:
		return are_zero(to, value->first, 1, 0);
	case VALUE_LIST:
		return are_zero(to, value->first, 0, how);
	case VALUE_CHANGE:
		return are_zero(to, value->first, 0, 0);
	default:
		return 0;
	}
}

/* A reserved field is in the tree only where it is not 0: it was 0 at the call. */
static int is_hidden(const struct text_tree *to, const struct value *field)
{
	return to->is_at_entry && field->roles & FIELD_MAY_HIDE && field->kind == VALUE_CHANGE &&
	       field->first->kind == VALUE_NUMBER && !field->first->number;
}

static int is_left_out(const struct text_tree *to, const struct value *field, uint32_t left_out)
{
	return field->roles & left_out || is_hidden(to, field);
}

static uint32_t count_fields(const struct text_tree *to, const struct value *value,
			     uint32_t left_out)
{
	uint32_t count = 0;

	for (const struct value *field = value->first; field; field = field->next)
		count += !is_left_out(to, field, left_out);
	return count;
}

static void out_field(const struct text_tree *to, const struct value *field)
{
	struct table_text name = table_text(to->table, field->name);

	out_printable(to->out, name.text, name.length);
	out_char(to->out, '=');
	text_tree(to, field, 0, quoted_if(field->roles & FIELD_QUOTED));
}

/* For what is left out. */
static void out_dots(struct out *out, int is_first)
{
	if (!is_first)
		out_literal(out, ", ");
	out_literal(out, "...");
}

static void out_struct(const struct text_tree *to, const struct value *value, uint32_t left_out)
{
	int is_short = !to->is_verbose && count_fields(to, value, left_out) > MOST_FIELDS;
	int is_first = 1, is_whole = 1;

	for (const struct value *field = value->first; field; field = field->next) {
		if (is_left_out(to, field, left_out))
			continue;
		if (is_short && is_zero(to, field, quoted_if(field->roles & FIELD_QUOTED))) {
			is_whole = 0;
			continue;
		}
		if (!is_first)
			out_literal(to->out, ", ");
		is_first = 0;
		out_field(to, field);
	}
	if (!is_whole)
		out_dots(to->out, is_first);
}

/* How many elements there are up to the last that is not 0. */
static uint32_t count_elements(const struct text_tree *to, const struct value *value, uint32_t how)
{
	uint32_t count = 0, end = 0;

	for (const struct value *each = value->first; each; each = each->next, count++)
		if (to->is_verbose || !is_zero(to, each, how))
			end = count + 1;
	return end;
}

static void out_list(const struct text_tree *to, const struct value *value, uint32_t how)
{
	uint32_t shown = count_elements(to, value, how), index = 0;
	const struct value *each = value->first;

	if (!to->is_verbose && shown > MOST_ELEMENTS)
		shown = MOST_ELEMENTS;
	out_char(to->out, '[');
	for (; each && index < shown; each = each->next, index++) {
		if (index)
			out_literal(to->out, ", ");
		text_tree(to, each, 0, how);
	}
	if (each)
		out_dots(to->out, !index);
	out_char(to->out, ']');
}

static void out_pointer(const struct text_tree *to, const struct value *value, uint32_t how)
{
	out_hex(to->out, pointer_of(to, value));
	out_char(to->out, ' ');
	text_tree(to, value->first, 0, how);
	if (value->omitted) {
		out_literal(to->out, " and ");
		out_decimal(to->out, value->omitted);
		out_literal(to->out, " more");
	}
}

/* Where only the end of a call is shown, and it changed what it alone should have written. */
static void out_both(const struct text_tree *to, const struct value *value)
{
	out_literal(to->out, "{in=");
	text_tree(to, value->first, 0, 0);
	out_literal(to->out, ", out=");
	text_tree(to, value->first->next, 0, 0);
	out_char(to->out, '}');
}

/* In quotes, if they are to be. */
static void out_name(const struct text_tree *to, struct table_text name, uint32_t how)
{
	if (how & TEXT_QUOTED)
		out_quoted(to->out, (const uint8_t *)name.text, name.length);
	else
		out_printable(to->out, name.text, name.length);
}

static void out_leaf(const struct text_tree *to, const struct value *value)
{
	if (value->kind == VALUE_NUMBER)
		leaf_number(to->out, value);
	else if (value->kind == VALUE_HEX)
		out_hex(to->out, value->number);
	else if (value->kind == VALUE_SET)
		leaf_set(to->out, to->table, value, out_printable);
	else if (value->kind == VALUE_BYTES_OF)
		leaf_bytes(to->out, value);
	else
		out_literal(to->out, "redacted");
}

void text_tree(const struct text_tree *to, const struct value *value, uint32_t left_out,
	       uint32_t how)
{
	value = text_seen(to, value);
	switch (value->kind) {
	case VALUE_STRUCT:
		out_char(to->out, '{');
		out_struct(to, value, left_out);
		if (!(how & TEXT_OPEN))
			out_char(to->out, '}');
		return;
	case VALUE_LIST:
		out_list(to, value, how);
		return;
	case VALUE_POINTER:
		out_pointer(to, value, how);
		return;
	case VALUE_CHANGE:
		out_both(to, value);
		return;
	case VALUE_NAME:
		out_name(to, value->text, how);
		return;
	case VALUE_CHARACTERS:
		(how & TEXT_QUOTED ? out_quoted : out_characters)(to->out, value->bytes,
								  value->size);
		return;
	}
	if (how & TEXT_QUOTED)
		out_char(to->out, '"');
	out_leaf(to, value);
	if (how & TEXT_QUOTED)
		out_char(to->out, '"');
}
