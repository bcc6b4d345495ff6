// SPDX-License-Identifier: BSD-3-Clause
/*
 * Checks the types of a table: each is as large as what is in it, and deeper.
 */
#include "table_check.h"

/* Which member of a union counts, by a number beside it in a structure of so many bits. */
static int selects_member(struct check *check, uint32_t index, const uint8_t *of, uint32_t bits)
{
	const uint8_t *selection = own_selection(check, index);

	if (!selection || load32(selection) != TABLE_NONE || of[0] != TYPE_UNION ||
	    !is_number(load32(selection + 4), load32(selection + 8), 64, bits) ||
	    !belongs(check, TABLE_CASES, selection + 12, TABLE_TARGETS))
		return 0;
	for (uint32_t i = 0; i < load32(selection + 16); i++)
		if (load32(case_of(check, selection, i) + 8) >= load32(of + 16))
			return 0;
	return 1;
}

static const uint8_t *field_at(const struct check *check, const uint8_t *of, uint32_t index)
{
	return table_entry(check->table, TABLE_FIELDS_OF_TYPES, load32(of + 12) + index,
			   TABLE_FIELD_SIZE);
}

/* A field has the size of its type, or is some of a number's bits, and is inside of `of`. */
static int is_inside(const uint8_t *field, const uint8_t *type, const uint8_t *of)
{
	uint32_t bit_offset = load32(field + 4), bit_size = load32(field + 8);
	uint32_t bits = load32(type + 4) * 8, room = load32(of + 4) * 8;

	if (type[0] == TYPE_SCALAR)
		return bit_size <= bits && is_number(bit_offset, bit_size, 64, room);
	return bit_size == bits && bit_size <= room && bit_offset <= room - bit_size &&
	       bit_offset % 8 == 0;
}

/* What a field says of where it points: nothing, or all; only a number is an address, or a count.
 */
static int is_pointer(struct check *check, const uint8_t *field, const uint8_t *type,
		      const uint8_t *of)
{
	uint32_t pointee = load32(field + 20), count = load32(field + 24);
	const uint8_t *counter;

	if (pointee == TABLE_NONE)
		return count == TABLE_NONE && field[18] == 0;
	if (!type_at(check, pointee) || !is_direction(field[18]) || type[0] != TYPE_SCALAR)
		return 0;
	if (count == TABLE_NONE)
		return 1;
	if (count >= load32(of + 16))
		return 0;
	counter = type_at(check, load32(field_at(check, of, count) + 12));
	return counter && counter[0] == TYPE_SCALAR;
}

static int is_field(struct check *check, const uint8_t *field, const uint8_t *of)
{
	const uint8_t *type = type_at(check, load32(field + 12));
	uint32_t selection = load32(field + 28);

	return type && type[3] < of[3] && is_text(check, load32(field)) &&
	       is_inside(field, type, of) && is_pointer(check, field, type, of) &&
	       (selection == TABLE_NONE ||
		selects_member(check, selection, type, load32(of + 4) * 8));
}

/* What says a structure's size may make it no deeper than the structure itself says it is. */
static int is_rule_of(const struct check *check, uint32_t index, const uint8_t *of)
{
	const uint8_t *rule, *otherwise;

	if (index == TABLE_NONE)
		return 1;
	if (!is_index(check, TABLE_SIZE_RULES, index) || of[0] != TYPE_STRUCT)
		return 0;
	rule = table_entry(check->table, TABLE_SIZE_RULES, index, TABLE_SIZE_RULE_SIZE);
	otherwise = type_at(check, load32(rule + 28));
	if (otherwise && otherwise[3] > of[3])
		return 0;
	for (uint32_t i = 0; i < load32(rule + 24); i++) {
		uint32_t layout = load32(rule + 20) + i;
		const uint8_t *entry =
			table_entry(check->table, TABLE_LAYOUTS, layout, TABLE_LAYOUT_SIZE);

		if (type_at(check, load32(entry + 4))[3] > of[3])
			return 0;
	}
	return 1;
}

static int is_scalar(struct check *check, const uint8_t *type)
{
	uint32_t size = load32(type + 4);

	return size >= 1 && size <= 8 && load32(type + 20) == TABLE_NONE &&
	       is_index_or_none(check, TABLE_ENUMS, load32(type + 12));
}

static int is_array(struct check *check, const uint8_t *type)
{
	const uint8_t *element = type_at(check, load32(type + 12));

	return element && element[3] < type[3] && load32(element + 4) >= 1 &&
	       (uint64_t)load32(element + 4) * load32(type + 16) == load32(type + 4) &&
	       load32(type + 20) == TABLE_NONE;
}

static int is_structure(struct check *check, const uint8_t *type)
{
	if (!is_text(check, load32(type + 8)) ||
	    !belongs(check, TABLE_FIELDS_OF_TYPES, type + 12, TABLE_FIELDS))
		return 0;
	for (uint32_t i = 0; i < load32(type + 16); i++)
		if (!is_field(check, field_at(check, type, i), type))
			return 0;
	return is_rule_of(check, load32(type + 20), type);
}

static int is_hidden(struct check *check, const uint8_t *type)
{
	(void)check;
	return load32(type + 20) == TABLE_NONE;
}

static int (*const IS_OF_KIND[])(struct check *check, const uint8_t *type) = {
	[TYPE_SCALAR] = is_scalar,   [TYPE_ARRAY] = is_array,	[TYPE_STRUCT] = is_structure,
	[TYPE_UNION] = is_structure, [TYPE_HIDDEN] = is_hidden,
};

int table_type_is_right(struct check *check, const uint8_t *type)
{
	uint32_t kind = type[0], alignment = type[2], depth = type[3];

	return kind >= TYPE_SCALAR && kind <= TYPE_HIDDEN && depth >= 1 && depth <= TABLE_DEEPEST &&
	       (alignment == 1 || alignment == 2 || alignment == 4 || alignment == 8) &&
	       load32(type + 4) <= TABLE_TYPE_MOST && IS_OF_KIND[kind](check, type);
}
