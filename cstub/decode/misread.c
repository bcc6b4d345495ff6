/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Finds the arguments that the hypervisor takes for something else than the caller gave: bits that
 * it does not read, and a bool that is neither 0 nor 1.
 *
 * Which bits a caller may leave in a register is a question of his compiler's ABI, since ACRN reads
 * no more than it needs. By the x86-64 psABI (3.2.3) bits 63 to 32 are undefined where a parameter
 * of up to 32 bits is passed, and gcc and clang leave there what was there: these are no finding. A
 * parameter of 8 or 16 bits they do extend to 32: what stands in bits 31 and below was given.
 */
#include <string.h>

#include "arguments.h"
#include "findings.h"
#include "text_in_arena.h"
#include "walk.h"

#define EXTENDED 0xffffffffu /* the bits to which compilers extend what is narrower */
#define MAX_TOLD 8	     /* fields of one argument */

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

/* A search of a structure for its bools. */
struct search {
	struct walk walk;
	struct call *call;
	struct arena *arena;
	uint32_t told;
};

static void find_no_truth(struct walk *walk, const struct value *value, uint8_t direction)
{
	struct search *search = (struct search *)walk;
	const uint8_t *abi = abi_of_call(search->call, walk->table);
	struct out out = begin_text(search->arena);

	if (value->kind != VALUE_NUMBER || !(value->flags & VALUE_NO_TRUTH) ||
	    direction != DIRECTION_IN || !abi || search->told++ >= MAX_TOLD)
		return;
	out_text(&out, search->call->title);
	out_literal(&out, " has ");
	out_decimal(&out, value->number);
	out_literal(&out, " in ");
	out_text(&out, walk_path(walk));
	out_literal(&out, ", which is a bool to ");
	out_hypervisor(&out, walk->table, abi);
	out_literal(&out, ": 0 or 1");
	keep_finding(search->call, search->arena, "argument", &out);
}

void find_no_truths(struct call *call, const struct table *table, struct arena *arena,
		    const uint8_t *argument, const struct value *before)
{
	struct search search = {
		.walk = {.table = table, .visit = find_no_truth},
		.call = call,
		.arena = arena,
	};

	if (!before)
		return;
	walk_begin(&search.walk);
	walk_into(&search.walk, table_text(table, argument_name(argument)));
	walk_tree(&search.walk, before, DIRECTION_IN);
}
