/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Writes what a call changed in an argument: a walk that knows the path to each leaf.
 */
#include "text_tree.h"

#define MOST_CHANGES 4 /* of an argument, unless verbose */

struct changes {
	const struct text_tree *to;
	struct table_text prefix;
	uint64_t count;
};

/* The way to a value in the tree: a field, or else the index in a list. */
struct step {
	const struct step *up;
	const struct value *field;
	uint32_t index;
};

static void out_path(const struct text_tree *to, const struct step *step)
{
	struct table_text name;

	if (step->up)
		out_path(to, step->up);
	if (!step->field) {
		out_char(to->out, '[');
		out_decimal(to->out, step->index);
		out_char(to->out, ']');
		return;
	}
	if (step->up)
		out_char(to->out, '.');
	name = table_text(to->table, step->field->name);
	out_printable(to->out, name.text, name.length);
}

/* Whether one more change is shown; what comes before it is then. */
static int begin_change(struct changes *changes)
{
	if (changes->count++ >= MOST_CHANGES && !changes->to->is_verbose)
		return 0;
	out_literal(changes->to->out, ", ");
	if (changes->prefix.length) {
		out_text(changes->to->out, changes->prefix);
		out_char(changes->to->out, '.');
	}
	return 1;
}

static void out_change(struct changes *changes, const struct value *value, const struct step *step)
{
	uint32_t how = step->field && step->field->roles & FIELD_QUOTED ? TEXT_QUOTED : 0;

	if (!begin_change(changes))
		return;
	out_path(changes->to, step);
	out_literal(changes->to->out, ": ");
	text_tree(changes->to, value->first, 0, how);
	out_literal(changes->to->out, " => ");
	text_tree(changes->to, value->first->next, 0, how);
}

static void out_moved(struct changes *changes, const struct value *value, const struct step *step)
{
	if (!(value->flags & VALUE_MOVED) || !begin_change(changes))
		return;
	out_path(changes->to, step);
	out_literal(changes->to->out, ".address: ");
	out_hex(changes->to->out, value->moved_from);
	out_literal(changes->to->out, " => ");
	out_hex(changes->to->out, value->number);
}

static void find_changes(struct changes *changes, const struct value *value,
			 const struct step *step)
{
	struct step next = {.up = step};

	switch (value->kind) {
	case VALUE_CHANGE:
		out_change(changes, value, step);
		return;
	case VALUE_POINTER: /* what is there needs no word of its own, as C writes it */
		out_moved(changes, value, step);
		find_changes(changes, value->first, step);
		return;
	case VALUE_STRUCT:
		for (next.field = value->first; next.field; next.field = next.field->next)
			find_changes(changes, next.field, &next);
		return;
	case VALUE_LIST:
		for (const struct value *each = value->first; each; each = each->next, next.index++)
			find_changes(changes, each, &next);
		return;
	}
}

static void out_field_changes(struct changes *changes, const struct value *field, uint32_t outs)
{
	struct step step = {.field = field};
	uint64_t before = changes->count;

	find_changes(changes, field, &step);
	if (!(field->roles & outs) || changes->count != before || !begin_change(changes))
		return;
	out_path(changes->to, &step);
	out_char(changes->to->out, '=');
	text_tree(changes->to, field, 0, field->roles & FIELD_QUOTED ? TEXT_QUOTED : 0);
}

void text_changes(const struct text_tree *to, const struct value *value, struct table_text prefix,
		  uint32_t outs, uint32_t how)
{
	struct changes changes = {to, prefix, 0};

	if (value->kind == VALUE_CHANGE && begin_change(&changes)) {
		out_literal(to->out, "=> "); /* it is known at one end of the call alone */
		text_tree(to, value->first->next, 0, how);
	}
	if (value->kind == VALUE_STRUCT)
		for (const struct value *each = value->first; each; each = each->next)
			out_field_changes(&changes, each, outs);
	if (changes.count > MOST_CHANGES && !to->is_verbose) {
		out_literal(to->out, ", ... ");
		out_decimal(to->out, changes.count - MOST_CHANGES);
		out_literal(to->out, " more changes");
	}
}
