/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Shows a call's arguments in a line of text, and what the call changed in them.
 *
 * The rules are those of trace/rendering.py. A tree is of bounded depth (value.h), so that these
 * functions may call themselves.
 */
#ifndef DECODE_TEXT_TREE_H
#define DECODE_TEXT_TREE_H

#include "call.h"
#include "out.h"

struct text_tree {
	struct out *out;
	const struct table *table;
	int is_verbose;	 /* nothing is left out */
	int is_at_entry; /* as it was at the call, without the reserved fields that were 0 then */
};

#define TEXT_QUOTED 1 /* its name is that of characters (FIELD_QUOTED, TABLE_QUOTED) */
#define TEXT_OPEN   2 /* of a STRUCT: without the brace at its end */

/* `left_out`: FIELD_… of the fields that a STRUCT is shown without. */
void text_tree(const struct text_tree *to, const struct value *value, uint32_t left_out,
	       uint32_t how);

/* What is shown of a value: of a CHANGE what was there at the call, where that is asked for. */
static inline const struct value *text_seen(const struct text_tree *to, const struct value *value)
{
	return to->is_at_entry && value->kind == VALUE_CHANGE ? value->first : value;
}

/*
 * `, path: before => after` for each leaf that differs, `, field=value` for each field with a role
 * of `outs` in which none does. Paths begin with `prefix` and a dot, if it is not empty.
 */
void text_changes(const struct text_tree *to, const struct value *value, struct table_text prefix,
		  uint32_t outs, uint32_t how);

/* The arguments of a call that the table has: what went in; what changed and what came out. */
void text_inputs(const struct text_tree *to, const struct call *call);
void text_outputs(const struct text_tree *to, const struct call *call);

#endif
