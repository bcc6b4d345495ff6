/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Checks a table, so that whoever reads it need not.
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
	uint32_t arguments = abi_arguments(abi);

	if (arguments > TABLE_ARGUMENTS)
		return 0;
	for (uint32_t i = 0; i < arguments; i++)
		if (abi_argument(abi, i) >= HYPERCALL_REGISTERS)
			return 0;
	return is_text(check, abi_name(abi)) && abi_number(abi) < HYPERCALL_REGISTERS &&
	       abi_result(abi) < HYPERCALL_REGISTERS && is_registers(abi_lost(abi));
}

/* What an address leads to, by a number in one of the call's arguments. */
static int selects_type(struct check *check, uint32_t index, uint32_t arguments)
{
	const uint8_t *selection = own_selection(check, index);

	if (!selection || selection_argument(selection) >= arguments ||
	    !is_number(selection_offset(selection), selection_bits(selection), 64, 64) ||
	    !belongs(check, TABLE_CASES, selection_first_case(selection),
		     selection_cases(selection), TABLE_TARGETS))
		return 0;
	for (uint32_t i = 0; i < selection_cases(selection); i++) {
		const uint8_t *one = case_of(check, selection, i);

		if (!type_at(check, case_target(one)) || case_counter(one) > TABLE_ARGUMENTS ||
		    (!is_direction(case_direction(one)) &&
		     case_direction(one) != DIRECTION_REGISTERS))
			return 0;
	}
	return 1;
}

static int is_argument(struct check *check, const uint8_t *argument, uint32_t arguments)
{
	uint32_t kind = argument_kind(argument), bits = argument_bits(argument),
		 type = argument_type(argument);
	uint32_t selection = argument_selection(argument);

	if (kind < ARGUMENT_VALUE || kind > ARGUMENT_PASS ||
	    !is_direction(argument_direction(argument)))
		return 0;
	if (bits != 8 && bits != 16 && bits != 32 && bits != 64)
		return 0;
	if (kind == ARGUMENT_PACKED && type_at(check, type) &&
	    type_kind(type_at(check, type)) != TYPE_STRUCT)
		return 0;
	return is_text(check, argument_name(argument)) &&
	       is_index_or_none(check, TABLE_TYPES, type) &&
	       is_index_or_none(check, TABLE_ENUMS, argument_enum(argument)) &&
	       (selection == TABLE_NONE || selects_type(check, selection, arguments));
}

/* Whether an entry of an ABI comes before another, as a search needs it. */
static int is_in_order(uint32_t abi, uint64_t number, uint32_t next_abi, uint64_t next_number)
{
	return abi < next_abi || (abi == next_abi && number < next_number);
}

static int is_call(struct check *check, const uint8_t *call)
{
	uint32_t first = call_first_argument(call), count = call_arguments(call),
		 abi = call_abi(call);

	const uint8_t *before = check->index ? call - TABLE_CALL_SIZE : NULL;

	if (before && !is_in_order(call_abi(before), call_number(before), abi, call_number(call)))
		return 0;
	if (!is_text(check, call_name(call)) || !is_text(check, call_title(call)) ||
	    !is_registers(call_may_change(call)) || !is_index(check, TABLE_ABIS, abi) ||
	    count > abi_arguments(abi_entry(check->table, abi)) ||
	    !belongs(check, TABLE_ARGUMENTS_OF_CALLS, first, count, TABLE_ARGUMENTS) ||
	    !belongs(check, TABLE_RESULT_RULES, call_first_rule(call), call_rules(call),
		     UINT32_MAX))
		return 0;
	for (uint32_t i = 0; i < count; i++)
		if (!is_argument(check, argument_entry(check->table, first + i), count))
			return 0;
	return 1;
}

/* What a structure may turn out to be, and does not say the size of once more. */
static int is_sized(const struct check *check, uint32_t index)
{
	const uint8_t *type = type_at(check, index);

	return type && type_kind(type) == TYPE_STRUCT && type_size_rule(type) == TABLE_NONE;
}

static int is_size_rule(struct check *check, const uint8_t *rule)
{
	uint32_t bit_offset = size_rule_offset(rule), bit_size = size_rule_bits(rule),
		 array = size_rule_array(rule);
	uint32_t each = size_rule_element(rule), otherwise = size_rule_otherwise(rule);

	if (!is_number(bit_offset, bit_size, 32, TABLE_TYPE_MOST * 8) ||
	    size_rule_end(rule) != (bit_offset + bit_size + 7) / 8 ||
	    !belongs(check, TABLE_LAYOUTS, size_rule_first_layout(rule), size_rule_layouts(rule),
		     TABLE_FAMILY))
		return 0;
	if (array == TABLE_NONE)
		return is_sized(check, otherwise);
	return array % 8 == 0 && array <= TABLE_TYPE_MOST * 8 && each >= 1 &&
	       each <= TABLE_TYPE_MOST && size_rule_layouts(rule) == 0 && otherwise == TABLE_NONE;
}

static int is_layout(struct check *check, const uint8_t *layout)
{
	return is_sized(check, layout_type(layout)) &&
	       belongs(check, TABLE_BOUNDS, layout_first_bound(layout), layout_bounds(layout),
		       TABLE_FIELDS);
}

static int is_bound(struct check *check, const uint8_t *bound)
{
	(void)check;
	return is_number(bound_offset(bound), bound_bits(bound), 64, TABLE_TYPE_MOST * 8) &&
	       bound_most(bound) < bound_bits(bound);
}

static int is_enum(struct check *check, const uint8_t *one)
{
	return is_text(check, enum_name(one)) &&
	       belongs(check, TABLE_VALUES_OF_ENUMS, enum_first_value(one), enum_values(one),
		       TABLE_VALUES);
}

static int is_value(struct check *check, const uint8_t *value)
{
	return is_text(check, enumerator_name(value));
}

static int is_result_rule(struct check *check, const uint8_t *rule)
{
	uint32_t kind = result_rule_kind(rule);
	int has_why = kind == RULE_ZERO_FAILED_IF || kind == RULE_ZERO_PROVES_NOTHING;
	int has_path = kind == RULE_ZERO_FAILED_IF || kind == RULE_EINVAL_MEANS_ADDRESS;

	return (has_why || has_path) && (!has_why || is_text(check, result_rule_why(rule))) &&
	       (!has_path || is_text(check, result_rule_path(rule)));
}

static int is_error(struct check *check, const uint8_t *error)
{
	const uint8_t *before = check->index ? error - TABLE_ERROR_SIZE : NULL;

	if (before && !is_in_order(error_abi(before), error_number(before), error_abi(error),
				   error_number(error)))
		return 0;
	return is_text(check, error_name(error)) && is_text(check, error_text(error)) &&
	       is_index(check, TABLE_ABIS, error_abi(error));
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
		table_index_calls(table);
	return wrong;
}
