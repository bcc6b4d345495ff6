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
	one = enum_entry(table, index);
	for (uint32_t i = 0; i < enum_values(one); i++)
		read_text(table,
			  enumerator_name(enumerator_entry(table, enum_first_value(one) + i)));
}

/* The types or members that a selection leads to, of which there are so many. */
static void read_selection(const struct table *table, uint32_t index, uint32_t targets)
{
	const uint8_t *selection;

	if (index == TABLE_NONE)
		return;
	selection = selection_entry(table, index);
	for (uint32_t i = 0; i < selection_cases(selection); i++)
		if (case_target(case_entry(table, selection_first_case(selection) + i)) >= targets)
			abort();
}

static void walk(const struct table *table, uint32_t index, unsigned int depth);

/* A field is inside of its structure; what it points at, counts by and selects is there. */
static void walk_field(const struct table *table, const uint8_t *of, uint32_t index,
		       unsigned int depth)
{
	const uint8_t *field = field_entry(table, type_first_field(of) + index);
	const uint8_t *type = type_entry(table, field_type(field));
	uint32_t pointee = field_pointee(field), count = field_counter(field);

	if ((uint64_t)field_offset(field) + field_bits(field) > type_size(of) * 8ull ||
	    (pointee != TABLE_NONE && pointee >= table->count[TABLE_TYPES]) ||
	    (count != TABLE_NONE && count >= type_fields(of)))
		abort();
	read_text(table, field_name(field));
	read_selection(table, field_selection(field), type_fields(type));
	walk(table, field_type(field), depth);
}

/* The types that a structure may turn out to be. */
static void walk_layouts(const struct table *table, uint32_t index, unsigned int depth)
{
	const uint8_t *rule;

	if (index == TABLE_NONE)
		return;
	rule = size_rule_entry(table, index);
	if (size_rule_otherwise(rule) != TABLE_NONE)
		walk(table, size_rule_otherwise(rule), depth);
	for (uint32_t i = 0; i < size_rule_layouts(rule); i++)
		walk(table, layout_type(layout_entry(table, size_rule_first_layout(rule) + i)),
		     depth);
}

/* A type and what is in it; not what is pointed at. */
static void walk(const struct table *table, uint32_t index, unsigned int depth)
{
	const uint8_t *type = type_entry(table, index);

	if (depth >= TABLE_DEEPEST)
		abort();
	if (!steps || !--steps)
		return;
	if (type_kind(type) == TYPE_SCALAR)
		read_enum(table, type_enum(type));
	if (type_kind(type) == TYPE_ARRAY)
		walk(table, type_element(type), depth + 1);
	if (type_kind(type) != TYPE_STRUCT && type_kind(type) != TYPE_UNION)
		return;
	read_text(table, type_name(type));
	for (uint32_t i = 0; i < type_fields(type); i++)
		walk_field(table, type, i, depth + 1);
	walk_layouts(table, type_size_rule(type), depth);
}

static void read_arguments(const struct table *table, const uint8_t *call)
{
	uint32_t types = table->count[TABLE_TYPES];

	for (uint32_t i = 0; i < call_arguments(call); i++) {
		const uint8_t *argument = argument_entry(table, call_first_argument(call) + i);

		read_text(table, argument_name(argument));
		read_enum(table, argument_enum(argument));
		read_selection(table, argument_selection(argument), types);
		if (argument_type(argument) != TABLE_NONE && argument_type(argument) >= types)
			abort();
	}
}

static void read_rules(const struct table *table, const uint8_t *call)
{
	for (uint32_t i = 0; i < call_rules(call); i++) {
		const uint8_t *rule = result_rule_entry(table, call_first_rule(call) + i);

		if (result_rule_kind(rule) != RULE_EINVAL_MEANS_ADDRESS)
			read_text(table, result_rule_why(rule));
		if (result_rule_kind(rule) != RULE_ZERO_PROVES_NOTHING)
			read_text(table, result_rule_path(rule));
	}
}

static void read_calls(const struct table *table)
{
	for (uint32_t i = 0; i < table->count[TABLE_CALLS]; i++) {
		const uint8_t *call = call_entry(table, i);
		const uint8_t *abi = abi_entry(table, call_abi(call));

		if (table_call(table, call_abi(call), call_number(call)) != i ||
		    call_arguments(call) > abi_arguments(abi))
			abort();
		read_text(table, abi_name(abi));
		read_text(table, call_name(call));
		read_text(table, call_title(call));
		read_arguments(table, call);
		read_rules(table, call);
	}
}

static void read_errors(const struct table *table)
{
	for (uint32_t i = 0; i < table->count[TABLE_ERRORS]; i++) {
		const uint8_t *error = error_entry(table, i);

		if (table_error(table, error_abi(error), error_number(error)) != i)
			abort();
		read_text(table, error_name(error));
		read_text(table, error_text(error));
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
