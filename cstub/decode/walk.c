/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Walks a tree of values, of bounded depth (value.h).
 */
#include "walk.h"

void walk_begin(struct walk *walk)
{
	walk->path = (struct out){walk->start, walk->start + WALK_PATH, 0};
}

void walk_into(struct walk *walk, struct table_text name)
{
	if (walk->path.at != walk->start)
		out_char(&walk->path, '.');
	out_text(&walk->path, name);
}

/* What a pointer leads to has its path; why nothing is there is a part of it. */
static void walk_pointer(struct walk *walk, const struct value *value, uint8_t direction)
{
	if (value->flags & VALUE_UNREADABLE)
		walk_into(walk, literal_text("unreadable"));
	else
		direction = value->direction;
	walk_tree(walk, value->first, direction);
}

static void walk_part(struct walk *walk, const struct value *of, const struct value *part,
		      uint32_t index, uint8_t direction)
{
	if (of->kind == VALUE_STRUCT) {
		walk_into(walk, table_text(walk->table, part->name));
	} else {
		out_char(&walk->path, '[');
		out_decimal(&walk->path, index);
		out_char(&walk->path, ']');
	}
	walk_tree(walk, part, direction);
}

void walk_tree(struct walk *walk, const struct value *value, uint8_t direction)
{
	const struct value *part = value->first;
	char *end = walk->path.at;

	walk->visit(walk, value, direction);
	if (value->kind == VALUE_POINTER)
		walk_pointer(walk, value, direction);
	else if (value->kind == VALUE_STRUCT || value->kind == VALUE_LIST)
		for (uint32_t index = 0; part; part = part->next, index++) {
			walk_part(walk, value, part, index, direction);
			walk->path.at = end;
		}
	walk->path.at = end;
}
