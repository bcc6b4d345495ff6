/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Writes the arguments of a line: what went in, what changed in it, and what came out.
 */
#include "arguments.h"
#include "text_tree.h"

struct line {
	struct text_tree to;
	const struct call *call;
	const uint8_t *arguments; /* entries of the table */
	uint32_t count;
	uint32_t last_input; /* its index, or TABLE_NONE */
};

static const uint8_t *argument_of(const struct line *line, uint32_t index)
{
	return line->arguments + (size_t)index * TABLE_ARGUMENT_SIZE;
}

static int is_input(const struct line *line, uint32_t index)
{
	return line->call->argument[index] &&
	       argument_direction(argument_of(line, index)) != DIRECTION_OUT;
}

static uint32_t how_of(const uint8_t *argument)
{
	return argument_flags(argument) & TABLE_QUOTED ? TEXT_QUOTED : 0;
}

/* Its structure has fields that the hypervisor writes: what the caller left there means nothing. */
static uint32_t outs_of(const uint8_t *argument)
{
	uint8_t kind = argument_kind(argument);

	return kind == ARGUMENT_PTR || kind == ARGUMENT_PACKED ? FIELD_OUT : 0;
}

static int is_pointer(const uint8_t *argument)
{
	return argument_kind(argument) == ARGUMENT_PTR || argument_kind(argument) == ARGUMENT_ADDR;
}

static int is_misaligned(const struct line *line, const uint8_t *argument, uint64_t address)
{
	uint32_t type;

	if (address % 8 == 0)
		return 0;
	type = argument_target(line->to.table, argument, line->call->record).type;
	if (type == TABLE_NONE)
		return 0;
	return address % type_alignment(type_entry(line->to.table, type)) != 0;
}

/* Where there is a structure its address, if that is odd: 0, or not aligned. */
static void out_address(const struct line *line, uint32_t index)
{
	const uint8_t *argument = argument_of(line, index);
	const struct value *value = line->call->argument[index];
	uint64_t address = line->call->record->argument[index];

	if (value->kind == VALUE_CHANGE)
		value = value->first;
	if (!is_pointer(argument) || (value->kind != VALUE_STRUCT && value->kind != VALUE_LIST &&
				      value->kind != VALUE_NUMBER))
		return; /* the address stands there already */
	if (line->to.is_verbose || !address || is_misaligned(line, argument, address)) {
		out_hex(line->to.out, address);
		out_char(line->to.out, ' ');
	}
}

static void out_argument_name(const struct line *line, uint32_t index)
{
	out_text(line->to.out, table_text(line->to.table, argument_name(argument_of(line, index))));
}

/* Whether the text of the last input goes on with what came out, in one pair of braces. */
static int stays_open(const struct line *line)
{
	const struct value *value;

	if (line->last_input == TABLE_NONE || !is_pointer(argument_of(line, line->last_input)))
		return 0;
	value = line->call->argument[line->last_input];
	return (value->kind == VALUE_CHANGE ? value->first : value)->kind == VALUE_STRUCT;
}

static void out_input(const struct line *line, uint32_t index)
{
	const struct value *value = line->call->argument[index];
	const uint8_t *argument = argument_of(line, index);
	uint32_t how = how_of(argument);
	struct text_tree entry = line->to;

	entry.is_at_entry = 1;
	if (index == line->last_input && stays_open(line))
		how |= TEXT_OPEN;
	out_argument_name(line, index);
	out_char(line->to.out, '=');
	out_address(line, index);
	text_tree(&entry, value, value->kind == VALUE_STRUCT ? outs_of(argument) : 0, how);
}

static void out_output(const struct line *line, uint32_t index)
{
	out_argument_name(line, index);
	out_char(line->to.out, '=');
	out_address(line, index);
	text_tree(&line->to, line->call->argument[index], 0, how_of(argument_of(line, index)));
}

/* What the call changed in an argument that went in. */
static void out_changes(const struct line *line, uint32_t index)
{
	const uint8_t *argument = argument_of(line, index);
	struct table_text prefix = {"", 0};

	if (index != line->last_input)
		prefix = table_text(line->to.table, argument_name(argument));
	text_changes(&line->to, line->call->argument[index], prefix, outs_of(argument),
		     how_of(argument));
}

static void out_inputs(const struct line *line)
{
	int is_first = 1;

	for (uint32_t i = 0; i < line->count; i++) {
		if (!is_input(line, i))
			continue;
		if (!is_first)
			out_literal(line->to.out, ", ");
		is_first = 0;
		out_input(line, i);
	}
}

static void out_outputs(const struct line *line)
{
	int is_first = line->last_input == TABLE_NONE;

	for (uint32_t i = 0; i < line->count; i++) {
		if (!line->call->argument[i] || is_input(line, i))
			continue;
		if (!is_first)
			out_literal(line->to.out, ", ");
		is_first = 0;
		out_output(line, i);
	}
}

static struct line line_of(const struct text_tree *to, const struct call *call)
{
	const uint8_t *entry = call_entry(to->table, call->entry);
	struct line line = {*to, call, NULL, call_arguments(entry), TABLE_NONE};

	line.arguments = table_argument(to->table, entry, 0);
	for (uint32_t i = 0; i < line.count; i++)
		if (is_input(&line, i))
			line.last_input = i;
	return line;
}

void text_inputs(const struct text_tree *to, const struct call *call)
{
	struct line line = line_of(to, call);

	out_inputs(&line);
}

void text_outputs(const struct text_tree *to, const struct call *call)
{
	struct line line = line_of(to, call);

	for (uint32_t i = 0; i < line.count; i++)
		if (is_input(&line, i))
			out_changes(&line, i);
	if (stays_open(&line))
		out_char(to->out, '}');
	out_outputs(&line);
}
