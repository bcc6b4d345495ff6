/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Tables that are nearly right: all that table_check() passes is walked.
 *
 * An input changes some numbers of ACRN's table, since bytes at random are hardly ever one. At the
 * end it says how many tables were passed, and each reason for which others were not.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "input.h"
#include "table.h"

#define MOST_STEPS 20000u /* of a walk: a type may stand in many others */
#define REASONS	   32u

static uint8_t *built, *changed; /* of the same size, no byte more: what reads on is caught */
static size_t built_size;
static unsigned long inputs, passed;
static unsigned int steps; /* that are left */
static const char *reasons[REASONS];
static volatile uint64_t seen; /* what is read is used */

static const uint32_t ENTRY_SIZES[TABLE_SECTIONS] = {
	[TABLE_ABIS] = TABLE_ABI_SIZE,
	[TABLE_CALLS] = TABLE_CALL_SIZE,
	[TABLE_ARGUMENTS_OF_CALLS] = TABLE_ARGUMENT_SIZE,
	[TABLE_TYPES] = TABLE_TYPE_SIZE,
	[TABLE_FIELDS_OF_TYPES] = TABLE_FIELD_SIZE,
	[TABLE_SELECTIONS] = TABLE_SELECTION_SIZE,
	[TABLE_CASES] = TABLE_CASE_SIZE,
	[TABLE_SIZE_RULES] = TABLE_SIZE_RULE_SIZE,
	[TABLE_LAYOUTS] = TABLE_LAYOUT_SIZE,
	[TABLE_BOUNDS] = TABLE_BOUND_SIZE,
	[TABLE_ENUMS] = TABLE_ENUM_SIZE,
	[TABLE_VALUES_OF_ENUMS] = TABLE_VALUE_SIZE,
	[TABLE_RESULT_RULES] = TABLE_RESULT_RULE_SIZE,
	[TABLE_ERRORS] = TABLE_ERROR_SIZE,
	[TABLE_TEXT] = 4,
};

static void say(void)
{
	printf("inputs %lu passed %lu\n", inputs, passed);
	for (unsigned int i = 0; i < REASONS && reasons[i]; i++)
		printf("%s\n", reasons[i]);
}

static void begin(void)
{
	FILE *file = fopen(ACRN_TABLE, "rb");

	built = malloc(TABLE_MOST);
	built_size = file && built ? fread(built, 1, TABLE_MOST, file) : 0;
	changed = malloc(built_size);
	if (!built_size || !changed)
		abort();
	fclose(file);
	atexit(say);
}

static void remember(const char *reason)
{
	unsigned int i = 0;

	while (i < REASONS && reasons[i] && reasons[i] != reason)
		i++;
	if (i < REASONS)
		reasons[i] = reason;
}

static void read_text(const struct table *table, uint32_t offset)
{
	struct table_text text = table_text(table, offset);

	if (strnlen(text.text, text.length + 1u) > text.length)
		abort();
	for (uint32_t i = 0; i < text.length; i++)
		seen += (unsigned char)text.text[i];
}

static void read_enum(const struct table *table, uint32_t index)
{
	const uint8_t *one;

	if (index == TABLE_NONE)
		return;
	one = table_entry(table, TABLE_ENUMS, index, TABLE_ENUM_SIZE);
	for (uint32_t i = 0; i < load32(one + 4); i++)
		read_text(table, load32(table_entry(table, TABLE_VALUES_OF_ENUMS, load32(one) + i,
						    TABLE_VALUE_SIZE) +
					8));
}

/* The types or members that a selection leads to, of which there are so many. */
static void read_selection(const struct table *table, uint32_t index, uint32_t targets)
{
	const uint8_t *selection;

	if (index == TABLE_NONE)
		return;
	selection = table_entry(table, TABLE_SELECTIONS, index, TABLE_SELECTION_SIZE);
	for (uint32_t i = 0; i < load32(selection + 16); i++)
		if (load32(table_entry(table, TABLE_CASES, load32(selection + 12) + i,
				       TABLE_CASE_SIZE) +
			   8) >= targets)
			abort();
}

static void walk(const struct table *table, uint32_t index, unsigned int depth);

/* A field is inside of its structure; what it points at, counts by and selects is there. */
static void walk_field(const struct table *table, const uint8_t *of, uint32_t index,
		       unsigned int depth)
{
	const uint8_t *field = table_entry(table, TABLE_FIELDS_OF_TYPES, load32(of + 12) + index,
					   TABLE_FIELD_SIZE);
	const uint8_t *type = table_entry(table, TABLE_TYPES, load32(field + 12), TABLE_TYPE_SIZE);
	uint32_t pointee = load32(field + 20), count = load32(field + 24);

	if ((uint64_t)load32(field + 4) + load32(field + 8) > load32(of + 4) * 8ull ||
	    (pointee != TABLE_NONE && pointee >= table->count[TABLE_TYPES]) ||
	    (count != TABLE_NONE && count >= load32(of + 16)))
		abort();
	read_text(table, load32(field));
	read_selection(table, load32(field + 28), load32(type + 16));
	walk(table, load32(field + 12), depth);
}

/* The types that a structure may turn out to be. */
static void walk_layouts(const struct table *table, uint32_t index, unsigned int depth)
{
	const uint8_t *rule;

	if (index == TABLE_NONE)
		return;
	rule = table_entry(table, TABLE_SIZE_RULES, index, TABLE_SIZE_RULE_SIZE);
	if (load32(rule + 28) != TABLE_NONE)
		walk(table, load32(rule + 28), depth);
	for (uint32_t i = 0; i < load32(rule + 24); i++)
		walk(table,
		     load32(table_entry(table, TABLE_LAYOUTS, load32(rule + 20) + i,
					TABLE_LAYOUT_SIZE) +
			    4),
		     depth);
}

/* A type and what is in it; not what is pointed at. */
static void walk(const struct table *table, uint32_t index, unsigned int depth)
{
	const uint8_t *type = table_entry(table, TABLE_TYPES, index, TABLE_TYPE_SIZE);

	if (depth >= TABLE_DEEPEST)
		abort();
	if (!steps || !--steps)
		return;
	if (type[0] == TYPE_SCALAR)
		read_enum(table, load32(type + 12));
	if (type[0] == TYPE_ARRAY)
		walk(table, load32(type + 12), depth + 1);
	if (type[0] != TYPE_STRUCT && type[0] != TYPE_UNION)
		return;
	read_text(table, load32(type + 8));
	for (uint32_t i = 0; i < load32(type + 16); i++)
		walk_field(table, type, i, depth + 1);
	walk_layouts(table, load32(type + 20), depth);
}

static void read_arguments(const struct table *table, const uint8_t *call)
{
	uint32_t types = table->count[TABLE_TYPES];

	for (uint32_t i = 0; i < load32(call + 16); i++) {
		const uint8_t *argument = table_entry(table, TABLE_ARGUMENTS_OF_CALLS,
						      load32(call + 12) + i, TABLE_ARGUMENT_SIZE);

		read_text(table, load32(argument + 4));
		read_enum(table, load32(argument + 12));
		read_selection(table, load32(argument + 16), types);
		if (load32(argument + 8) != TABLE_NONE && load32(argument + 8) >= types)
			abort();
	}
}

static void read_rules(const struct table *table, const uint8_t *call)
{
	for (uint32_t i = 0; i < load32(call + 28); i++) {
		const uint8_t *rule = table_entry(table, TABLE_RESULT_RULES, load32(call + 24) + i,
						  TABLE_RESULT_RULE_SIZE);

		if (load32(rule) != RULE_EINVAL_MEANS_ADDRESS)
			read_text(table, load32(rule + 4));
		if (load32(rule) != RULE_ZERO_PROVES_NOTHING)
			read_text(table, load32(rule + 8));
	}
}

static void read_calls(const struct table *table)
{
	for (uint32_t i = 0; i < table->count[TABLE_CALLS]; i++) {
		const uint8_t *call = table_entry(table, TABLE_CALLS, i, TABLE_CALL_SIZE);
		const uint8_t *abi =
			table_entry(table, TABLE_ABIS, load32(call + 32), TABLE_ABI_SIZE);

		if (table_call(table, load64(call)) != i || load32(call + 16) > load32(abi + 8))
			abort();
		read_text(table, load32(abi));
		read_text(table, load32(call + 8));
		read_arguments(table, call);
		read_rules(table, call);
	}
}

static void read_errors(const struct table *table)
{
	for (uint32_t i = 0; i < table->count[TABLE_ERRORS]; i++) {
		const uint8_t *error = table_entry(table, TABLE_ERRORS, i, TABLE_ERROR_SIZE);

		if (table_error(table, load32(error)) != i)
			abort();
		read_text(table, load32(error + 4));
		read_text(table, load32(error + 8));
	}
}

/* The number at `at` becomes one near it, one that stands elsewhere in its place, or any. */
static void change(uint8_t *at, const uint8_t *elsewhere, unsigned int how, unsigned int value)
{
	const uint32_t old = load32(at);
	const uint32_t others[] = {old + 1,	      old - 1, value,	   value << 8,
				   load32(elsewhere), 0,       TABLE_NONE, old ^ 1u << value % 32};
	uint32_t number = others[how % (sizeof(others) / sizeof(*others))];

	memcpy(at, &number, sizeof(number));
}

/* Change a number somewhere in the table; the header's place of a section at times. */
static void damage(uint8_t *bytes, struct input *input)
{
	unsigned int section = next_byte(input), how = next_byte(input), value = next_byte(input);
	unsigned int index = (unsigned int)next_number(input, 2), word = next_byte(input);
	uint32_t at = 0, size = TABLE_HEADER_SIZE, count = 1;

	if (section % 32) {
		section %= TABLE_SECTIONS;
		at = load32(built + 16 + 8 * section);
		count = load32(built + 20 + 8 * section) / (section == TABLE_TEXT ? 4 : 1);
		size = ENTRY_SIZES[section];
	}
	word = word % (size / 4) * 4;
	if (count)
		change(bytes + at + index % count * size + word,
		       bytes + at + value % count * size + word, how, value);
}

/* The table that was built, with as many changes as the input says. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = {data, size};
	struct table table;
	const char *wrong;

	if (!inputs++)
		begin();
	memcpy(changed, built, built_size);
	for (unsigned int changes = next_byte(&input) % 4; changes; changes--)
		damage(changed, &input);
	wrong = table_check(&table, changed, built_size - next_byte(&input) / 255);
	if (wrong) {
		remember(wrong);
		return 0;
	}
	passed++;
	steps = MOST_STEPS;
	for (uint32_t i = 0; i < table.count[TABLE_TYPES]; i++)
		walk(&table, i, 0);
	read_calls(&table);
	read_errors(&table);
	return 0;
}
