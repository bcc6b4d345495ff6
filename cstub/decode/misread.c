/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Finds the arguments that the hypervisor takes for something else than the caller gave: why these
 * are findings, and others are not, trace/misread.py says.
 */
#include <string.h>

#include "arguments.h"
#include "findings.h"
#include "text_in_arena.h"

#define EXTENDED 0xffffffffu /* the bits to which compilers extend what is narrower */
#define MAX_TOLD 8	     /* fields of one argument */
#define MAX_PATH 1024	     /* bytes of the name of a place in a structure */

void find_unread(struct call *call, const struct table *table, struct arena *arena,
		 const uint8_t *argument, uint32_t index)
{
	uint64_t value = call->record->argument[index];
	uint32_t bits = argument_bits(argument);
	const uint8_t *abi;
	struct out out = begin_text(arena);

	if (bits >= 32 || !((value & EXTENDED) >> bits))
		return;
	abi = abi_of_call(call, table);
	if (!abi)
		return;
	out_text(&out, call->title);
	out_literal(&out, " reads ");
	out_decimal(&out, bits);
	out_literal(&out, " bits of ");
	out_register(&out, abi_argument(abi, index));
	out_literal(&out, ", ");
	out_hex(&out, value);
	out_literal(&out, " has more: ");
	out_text(&out, table_text(table, argument_name(argument)));
	out_char(&out, '=');
	out_decimal(&out, low_bits(value, bits));
	out_literal(&out, " is what ");
	out_hypervisor(&out, table, abi);
	out_literal(&out, " takes");
	keep_finding(call, arena, "argument", &out);
}

/* A walk over a structure for its bools. */
struct walk {
	struct call *call;
	const struct table *table;
	struct arena *arena;
	struct out path; /* where it is now: from `start` */
	char start[MAX_PATH];
	uint32_t told;
};

static void find_no_truth(struct walk *walk, uint64_t number)
{
	struct out out = begin_text(walk->arena);
	const uint8_t *abi = abi_of_call(walk->call, walk->table);

	if (!abi || walk->told++ >= MAX_TOLD)
		return;
	out_text(&out, walk->call->title);
	out_literal(&out, " has ");
	out_decimal(&out, number);
	out_literal(&out, " in ");
	out_bytes(&out, walk->start, (size_t)(walk->path.at - walk->start));
	out_literal(&out, ", which is a bool to ");
	out_hypervisor(&out, walk->table, abi);
	out_literal(&out, ": 0 or 1");
	keep_finding(walk->call, walk->arena, "argument", &out);
}

static void find_in(struct walk *walk, const struct value *value);

static void find_in_parts(struct walk *walk, const struct value *value)
{
	struct value *part = value->first;

	for (uint32_t index = 0; part && walk->told < MAX_TOLD; part = part->next, index++) {
		char *end = walk->path.at;

		if (value->kind == VALUE_STRUCT) {
			out_char(&walk->path, '.');
			out_text(&walk->path, table_text(walk->table, part->name));
		} else if (value->kind == VALUE_LIST) {
			out_char(&walk->path, '[');
			out_decimal(&walk->path, index);
			out_char(&walk->path, ']');
		}
		find_in(walk, part);
		walk->path.at = end;
	}
}

static void find_in(struct walk *walk, const struct value *value)
{
	if (value->kind == VALUE_NUMBER && value->flags & VALUE_NO_TRUTH)
		find_no_truth(walk, value->number);
	else if (value->kind == VALUE_STRUCT || value->kind == VALUE_LIST)
		find_in_parts(walk, value);
	else if (value->kind == VALUE_POINTER && value->direction == DIRECTION_IN)
		find_in_parts(walk, value);
}

void find_no_truths(struct call *call, const struct table *table, struct arena *arena,
		    const uint8_t *argument, const struct value *before)
{
	struct walk walk = {.call = call, .table = table, .arena = arena};

	if (!before)
		return;
	walk.path = (struct out){walk.start, walk.start + MAX_PATH, 0};
	out_text(&walk.path, table_text(table, argument_name(argument)));
	find_in(&walk, before);
}
