// SPDX-License-Identifier: BSD-3-Clause
/*
 * Checks a table, so that whoever reads it need not; finds calls and errors in it.
 *
 * Every number of a table may be anything. What is checked here: each place is inside the table,
 * each index is that of an entry, each text ends, types are as large as what is in them and no
 * deeper than they may be, and what is searched is in order.
 */
#include "table.h"

#include "hypercall_record.h"
#include "table_check.h"

static int is_registers(uint32_t mask)
{
	return mask >> HYPERCALL_REGISTERS == 0;
}

static int is_abi(struct check *check, const uint8_t *abi)
{
	uint32_t arguments = load32(abi + 8);

	if (arguments > TABLE_ARGUMENTS)
		return 0;
	for (uint32_t i = 0; i < arguments; i++)
		if (abi[12 + i] >= HYPERCALL_REGISTERS)
			return 0;
	return is_text(check, load32(abi)) && load32(abi + 4) < HYPERCALL_REGISTERS &&
	       abi[18] < HYPERCALL_REGISTERS && (abi[19] == 32 || abi[19] == 64) &&
	       is_registers(load32(abi + 20));
}

/* What an address leads to, by a number in one of the call's arguments. */
static int selects_type(struct check *check, uint32_t index, uint32_t arguments)
{
	const uint8_t *selection = own_selection(check, index);

	if (!selection || load32(selection) >= arguments ||
	    !is_number(load32(selection + 4), load32(selection + 8), 64, 64) ||
	    !belongs(check, TABLE_CASES, selection + 12, TABLE_TARGETS))
		return 0;
	for (uint32_t i = 0; i < load32(selection + 16); i++) {
		const uint8_t *one = case_of(check, selection, i);

		if (!type_at(check, load32(one + 8)) || !is_direction(load32(one + 12)))
			return 0;
	}
	return 1;
}

static int is_argument(struct check *check, const uint8_t *argument, uint32_t arguments)
{
	uint32_t kind = argument[0], bits = argument[2], type = load32(argument + 8);
	uint32_t selection = load32(argument + 16);

	if (kind < ARGUMENT_VALUE || kind > ARGUMENT_PASS || !is_direction(argument[1]))
		return 0;
	if (bits != 8 && bits != 16 && bits != 32 && bits != 64)
		return 0;
	if (kind == ARGUMENT_PACKED && type_at(check, type) &&
	    type_at(check, type)[0] != TYPE_STRUCT)
		return 0;
	return is_text(check, load32(argument + 4)) && is_index_or_none(check, TABLE_TYPES, type) &&
	       is_index_or_none(check, TABLE_ENUMS, load32(argument + 12)) &&
	       (selection == TABLE_NONE || selects_type(check, selection, arguments));
}

static int is_call(struct check *check, const uint8_t *call)
{
	uint32_t first = load32(call + 12), count = load32(call + 16), abi = load32(call + 32);

	if (check->index && load64(call - TABLE_CALL_SIZE) >= load64(call))
		return 0;
	if (!is_text(check, load32(call + 8)) || !is_registers(load32(call + 20)) ||
	    !is_index(check, TABLE_ABIS, abi) ||
	    count > load32(table_entry(check->table, TABLE_ABIS, abi, TABLE_ABI_SIZE) + 8) ||
	    !belongs(check, TABLE_ARGUMENTS_OF_CALLS, call + 12, TABLE_ARGUMENTS) ||
	    !belongs(check, TABLE_RESULT_RULES, call + 24, UINT32_MAX))
		return 0;
	for (uint32_t i = 0; i < count; i++)
		if (!is_argument(check,
				 table_entry(check->table, TABLE_ARGUMENTS_OF_CALLS, first + i,
					     TABLE_ARGUMENT_SIZE),
				 count))
			return 0;
	return 1;
}

/* What a structure may turn out to be, and does not say the size of once more. */
static int is_sized(const struct check *check, uint32_t index)
{
	const uint8_t *type = type_at(check, index);

	return type && type[0] == TYPE_STRUCT && load32(type + 20) == TABLE_NONE;
}

static int is_size_rule(struct check *check, const uint8_t *rule)
{
	uint32_t bit_offset = load32(rule), bit_size = load32(rule + 4), array = load32(rule + 8);
	uint32_t each = load32(rule + 12), otherwise = load32(rule + 28);

	if (!is_number(bit_offset, bit_size, 32, TABLE_TYPE_MOST * 8) ||
	    load32(rule + 32) != (bit_offset + bit_size + 7) / 8 ||
	    !belongs(check, TABLE_LAYOUTS, rule + 20, TABLE_FAMILY))
		return 0;
	if (array == TABLE_NONE)
		return is_sized(check, otherwise);
	return array % 8 == 0 && array <= TABLE_TYPE_MOST * 8 && each >= 1 &&
	       each <= TABLE_TYPE_MOST && load32(rule + 24) == 0 && otherwise == TABLE_NONE;
}

static int is_layout(struct check *check, const uint8_t *layout)
{
	return is_sized(check, load32(layout + 4)) &&
	       belongs(check, TABLE_BOUNDS, layout + 8, TABLE_FIELDS);
}

static int is_bound(struct check *check, const uint8_t *bound)
{
	(void)check;
	return is_number(load32(bound), load32(bound + 4), 64, TABLE_TYPE_MOST * 8) &&
	       load32(bound + 8) < load32(bound + 4);
}

static int is_enum(struct check *check, const uint8_t *one)
{
	return is_text(check, load32(one + 8)) &&
	       belongs(check, TABLE_VALUES_OF_ENUMS, one, TABLE_VALUES);
}

static int is_value(struct check *check, const uint8_t *value)
{
	return is_text(check, load32(value + 8));
}

static int is_result_rule(struct check *check, const uint8_t *rule)
{
	uint32_t kind = load32(rule);
	int has_why = kind == RULE_ZERO_FAILED_IF || kind == RULE_ZERO_PROVES_NOTHING;
	int has_path = kind == RULE_ZERO_FAILED_IF || kind == RULE_EINVAL_MEANS_ADDRESS;

	return (has_why || has_path) && (!has_why || is_text(check, load32(rule + 4))) &&
	       (!has_path || is_text(check, load32(rule + 8)));
}

static int is_error(struct check *check, const uint8_t *error)
{
	if (check->index && load32(error - TABLE_ERROR_SIZE) >= load32(error))
		return 0;
	return is_text(check, load32(error + 4)) && is_text(check, load32(error + 8)) &&
	       is_index(check, TABLE_ABIS, load32(error + 12));
}

/* In this order: an entry is looked at after those that it leads to need to be. */
static const struct rule {
	enum table_section section;
	uint32_t size;
	int (*is_right)(struct check *check, const uint8_t *entry); /* NULL: its owner looks */
	const char *wrong;
} RULES[] = {
	{TABLE_TEXT, 1, NULL, "the table's texts are not all there"},
	{TABLE_ABIS, TABLE_ABI_SIZE, is_abi, "an ABI in the table cannot be right"},
	{TABLE_ENUMS, TABLE_ENUM_SIZE, is_enum, "an enumeration in the table cannot be right"},
	{TABLE_VALUES_OF_ENUMS, TABLE_VALUE_SIZE, is_value, "a value in the table cannot be right"},
	{TABLE_SIZE_RULES, TABLE_SIZE_RULE_SIZE, is_size_rule,
	 "a rule of sizes in the table cannot be right"},
	{TABLE_LAYOUTS, TABLE_LAYOUT_SIZE, is_layout, "a layout in the table cannot be right"},
	{TABLE_BOUNDS, TABLE_BOUND_SIZE, is_bound, "a bound in the table cannot be right"},
	{TABLE_TYPES, TABLE_TYPE_SIZE, table_type_is_right, "a type in the table cannot be right"},
	{TABLE_FIELDS_OF_TYPES, TABLE_FIELD_SIZE, NULL, "a field in the table is no structure's"},
	{TABLE_CALLS, TABLE_CALL_SIZE, is_call, "a call in the table cannot be right"},
	{TABLE_ARGUMENTS_OF_CALLS, TABLE_ARGUMENT_SIZE, NULL,
	 "an argument in the table is no call's"},
	{TABLE_SELECTIONS, TABLE_SELECTION_SIZE, NULL, "a selection in the table is nobody's"},
	{TABLE_CASES, TABLE_CASE_SIZE, NULL, "a case in the table is no selection's"},
	{TABLE_RESULT_RULES, TABLE_RESULT_RULE_SIZE, is_result_rule,
	 "a rule of results in the table cannot be right"},
	{TABLE_ERRORS, TABLE_ERROR_SIZE, is_error, "an error in the table cannot be right"},
};

#define EACH_RULE(rule)                                                                            \
	for (const struct rule *rule = RULES; rule < RULES + sizeof(RULES) / sizeof(*RULES); rule++)

/* The sections, each of which is inside the table. */
static const char *find_sections(struct table *table, const uint8_t *bytes, uint32_t size)
{
	table->bytes = bytes;
	EACH_RULE(rule)
	{
		const uint8_t *place = bytes + 16 + 8 * rule->section;
		uint32_t offset = load32(place), count = load32(place + 4);

		if (offset > size || (uint64_t)count * rule->size > size - offset)
			return "a section of the table is outside of it";
		table->section[rule->section] = bytes + offset;
		table->count[rule->section] = count;
	}
	return NULL;
}

static const char *check_section(struct check *check, const struct rule *rule)
{
	uint32_t count = check->table->count[rule->section];

	for (check->index = 0; rule->is_right && check->index < count; check->index++)
		if (!rule->is_right(check, table_entry(check->table, rule->section, check->index,
						       rule->size)))
			return rule->wrong;
	return NULL;
}

/* Whether entries of a section stand for themselves; those of others belong to some entry. */
static int stands_alone(enum table_section section)
{
	const uint32_t alone = 1u << TABLE_ABIS | 1u << TABLE_CALLS | 1u << TABLE_TYPES |
			       1u << TABLE_SIZE_RULES | 1u << TABLE_ENUMS | 1u << TABLE_ERRORS |
			       1u << TABLE_TEXT;

	return alone >> section & 1;
}

static uint64_t number_of(const struct table *table, uint32_t call)
{
	return load64(table_entry(table, TABLE_CALLS, call, TABLE_CALL_SIZE));
}

/* The numbers of a hypervisor follow each other, mostly. */
static void index_calls(struct table *table)
{
	for (uint32_t i = 0; i < 256; i++)
		table->likely_call[i] = 0;
	for (uint32_t i = 0; i < table->count[TABLE_CALLS]; i++)
		table->likely_call[number_of(table, i) & 255] = i;
}

const char *table_check(struct table *table, const void *bytes, size_t size)
{
	struct check check = {.table = table};
	const char *wrong;

	if (size < TABLE_HEADER_SIZE || size > TABLE_MOST || load32(bytes) != TABLE_MAGIC ||
	    load32((const uint8_t *)bytes + 4) != size)
		return "this is no table of a hypervisor's calls";
	wrong = find_sections(table, bytes, (uint32_t)size);
	EACH_RULE(rule)
	{
		if (!wrong)
			wrong = check_section(&check, rule);
	}
	EACH_RULE(rule)
	{
		if (!wrong && !stands_alone(rule->section) &&
		    check.next[rule->section] != table->count[rule->section])
			wrong = rule->wrong;
	}
	if (!wrong)
		index_calls(table);
	return wrong;
}

uint32_t table_call(const struct table *table, uint64_t number)
{
	uint32_t low = 0, high = table->count[TABLE_CALLS];
	uint32_t likely = table->likely_call[number & 255];

	if (high && number_of(table, likely) == number)
		return likely;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		uint64_t there = number_of(table, middle);

		if (there == number)
			return middle;
		if (there < number)
			low = middle + 1;
		else
			high = middle;
	}
	return TABLE_NONE;
}

uint32_t table_error(const struct table *table, uint32_t number)
{
	uint32_t low = 0, high = table->count[TABLE_ERRORS];

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		uint32_t there = load32(table_entry(table, TABLE_ERRORS, middle, TABLE_ERROR_SIZE));

		if (there == number)
			return middle;
		if (there < number)
			low = middle + 1;
		else
			high = middle;
	}
	return TABLE_NONE;
}
