/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Checks the types of a table: each is as large as what is in it, and deeper.
 */
#include "table_check.h"

/* Which member of a union counts, by a number beside it in a structure of so many bits. */
static int selects_member(struct check *check, uint32_t index, const uint8_t *of, uint32_t bits)
{
	const uint8_t *selection = own_selection(check, index);

	if (!selection || selection_argument(selection) != TABLE_NONE ||
	    type_kind(of) != TYPE_UNION ||
	    !is_number(selection_offset(selection), selection_bits(selection), 64, bits) ||
	    !belongs(check, TABLE_CASES, selection_first_case(selection),
		     selection_cases(selection), TABLE_TARGETS))
		return 0;
	for (uint32_t i = 0; i < selection_cases(selection); i++)
		if (case_target(case_of(check, selection, i)) >= type_fields(of))
			return 0;
	return 1;
}

static const uint8_t *field_at(const struct check *check, const uint8_t *of, uint32_t index)
{
	return field_entry(check->table, type_first_field(of) + index);
}

/* A field has the size of its type, or is some of a number's bits, and is inside of `of`. */
static int is_inside(const uint8_t *field, const uint8_t *type, const uint8_t *of)
{
	uint32_t bit_offset = field_offset(field), bit_size = field_bits(field);
	uint32_t bits = type_size(type) * 8, room = type_size(of) * 8;

	if (type_kind(type) == TYPE_SCALAR)
		return bit_size <= bits && is_number(bit_offset, bit_size, 64, room);
	return bit_size == bits && bit_size <= room && bit_offset <= room - bit_size &&
	       bit_offset % 8 == 0;
}

/* What a field says of where it points: nothing, or all; only a number is an address, or a count.
 */
static int is_pointer(struct check *check, const uint8_t *field, const uint8_t *type,
		      const uint8_t *of)
{
	uint32_t pointee = field_pointee(field), count = field_counter(field);
	const uint8_t *counter;

	if (pointee == TABLE_NONE)
		return count == TABLE_NONE && field_direction(field) == 0;
	if (!type_at(check, pointee) || !is_direction(field_direction(field)) ||
	    type_kind(type) != TYPE_SCALAR)
		return 0;
	if (count == TABLE_NONE)
		return 1;
	if (count >= type_fields(of))
		return 0;
	counter = type_at(check, field_type(field_at(check, of, count)));
	return counter && type_kind(counter) == TYPE_SCALAR;
}

static int is_field(struct check *check, const uint8_t *field, const uint8_t *of)
{
	const uint8_t *type = type_at(check, field_type(field));
	uint32_t selection = field_selection(field);

	return type && type_depth(type) < type_depth(of) && is_text(check, field_name(field)) &&
	       is_inside(field, type, of) && is_pointer(check, field, type, of) &&
	       (selection == TABLE_NONE ||
		selects_member(check, selection, type, type_size(of) * 8));
}

/* What says a structure's size may make it no deeper than the structure itself says it is. */
static int is_rule_of(const struct check *check, uint32_t index, const uint8_t *of)
{
	const uint8_t *rule, *otherwise;

	if (index == TABLE_NONE)
		return 1;
	if (!is_index(check, TABLE_SIZE_RULES, index) || type_kind(of) != TYPE_STRUCT)
		return 0;
	rule = size_rule_entry(check->table, index);
	otherwise = type_at(check, size_rule_otherwise(rule));
	if (otherwise && type_depth(otherwise) > type_depth(of))
		return 0;
	for (uint32_t i = 0; i < size_rule_layouts(rule); i++) {
		uint32_t layout = size_rule_first_layout(rule) + i;
		const uint8_t *entry = layout_entry(check->table, layout);

		if (type_depth(type_at(check, layout_type(entry))) > type_depth(of))
			return 0;
	}
	return 1;
}

static int is_scalar(struct check *check, const uint8_t *type)
{
	uint32_t size = type_size(type);

	return size >= 1 && size <= 8 && type_size_rule(type) == TABLE_NONE &&
	       is_index_or_none(check, TABLE_ENUMS, type_enum(type));
}

static int is_array(struct check *check, const uint8_t *type)
{
	const uint8_t *element = type_at(check, type_element(type));

	return element && type_depth(element) < type_depth(type) && type_size(element) >= 1 &&
	       (uint64_t)type_size(element) * type_elements(type) == type_size(type) &&
	       type_size_rule(type) == TABLE_NONE;
}

static int is_structure(struct check *check, const uint8_t *type)
{
	if (!is_text(check, type_name(type)) ||
	    !belongs(check, TABLE_FIELDS_OF_TYPES, type_first_field(type), type_fields(type),
		     TABLE_FIELDS))
		return 0;
	for (uint32_t i = 0; i < type_fields(type); i++)
		if (!is_field(check, field_at(check, type, i), type))
			return 0;
	return is_rule_of(check, type_size_rule(type), type);
}

static int is_hidden(struct check *check, const uint8_t *type)
{
	(void)check;
	return type_size_rule(type) == TABLE_NONE;
}

static int is_unknown(struct check *check, const uint8_t *type)
{
	return is_text(check, type_name(type)) && type_size(type) == 0 &&
	       type_size_rule(type) == TABLE_NONE;
}

static int (*const IS_OF_KIND[])(struct check *check, const uint8_t *type) = {
	[TYPE_SCALAR] = is_scalar,   [TYPE_ARRAY] = is_array,	[TYPE_STRUCT] = is_structure,
	[TYPE_UNION] = is_structure, [TYPE_HIDDEN] = is_hidden, [TYPE_UNKNOWN] = is_unknown,
};

int table_type_is_right(struct check *check, const uint8_t *type)
{
	uint32_t kind = type_kind(type), alignment = type_alignment(type), depth = type_depth(type);

	return kind >= TYPE_SCALAR && kind <= TYPE_UNKNOWN && depth >= 1 &&
	       depth <= TABLE_DEEPEST &&
	       (alignment == 1 || alignment == 2 || alignment == 4 || alignment == 8) &&
	       type_size(type) <= TABLE_TYPE_MOST && IS_OF_KIND[kind](check, type);
}
