/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Writes what a call changed of its inputs as JSON: each place, what was there, what is there now.
 */
#include "arguments.h"
#include "json_tree.h"
#include "walk.h"

#define MAX_TOLD 8 /* changes; the others are counted */

struct changes {
	struct walk walk; /* of an argument */
	struct out *out;
	uint32_t told, more;
};

/* Begin one, where the walk is; whether it is to be told. */
static int begin_change(struct changes *changes)
{
	struct table_text path = walk_path(&changes->walk);

	if (changes->told == MAX_TOLD || !changes->out) {
		changes->more++;
		return 0;
	}
	if (changes->told++)
		out_char(changes->out, ',');
	out_char(changes->out, '[');
	out_json_text(changes->out, path.text, path.length);
	out_char(changes->out, ',');
	return 1;
}

static void tell_change(struct changes *changes, const struct value *value)
{
	if (!begin_change(changes))
		return;
	json_tree(changes->out, changes->walk.table, value->first);
	out_char(changes->out, ',');
	json_tree(changes->out, changes->walk.table, value->first->next);
	out_char(changes->out, ']');
}

static void tell_move(struct changes *changes, const struct value *value)
{
	char *end = changes->walk.path.at;

	walk_into(&changes->walk, literal_text("address"));
	if (begin_change(changes)) {
		json_hex(changes->out, value->moved_from);
		out_char(changes->out, ',');
		json_hex(changes->out, value->number);
		out_char(changes->out, ']');
	}
	changes->walk.path.at = end;
}

static void tell(struct walk *walk, const struct value *value, uint8_t direction)
{
	struct changes *changes = (struct changes *)walk;

	if (direction != DIRECTION_IN)
		return;
	if (value->kind == VALUE_CHANGE)
		tell_change(changes, value);
	else if (value->kind == VALUE_POINTER && value->flags & VALUE_MOVED)
		tell_move(changes, value);
}

static void find_changes(struct changes *changes, const struct call *call)
{
	const struct table *table = changes->walk.table;
	const uint8_t *entry = call->entry == TABLE_NONE ? NULL : call_entry(table, call->entry);

	for (uint32_t i = 0; entry && i < call_arguments(entry); i++) {
		const uint8_t *argument = table_argument(table, entry, i);

		walk_begin(&changes->walk);
		if (call->argument[i])
			walk_tree(&changes->walk, call->argument[i],
				  argument_target(table, argument, call->record).direction);
	}
}

int has_changed_inputs(const struct call *call, const struct table *table)
{
	struct changes changes = {.walk = {.table = table, .visit = tell}};

	find_changes(&changes, call);
	return changes.more != 0;
}

void json_changed_inputs(struct out *out, const struct call *call, const struct table *table)
{
	struct changes changes = {.walk = {.table = table, .visit = tell}, .out = out};

	out_literal(out, ",\"changed\":[");
	find_changes(&changes, call);
	out_literal(out, "],\"more_changed\":");
	out_decimal(out, changes.more);
}
