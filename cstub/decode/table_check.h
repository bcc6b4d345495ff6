/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the parts of a table's check have in common: is an index, a text, a number one?
 */
#ifndef DECODE_TABLE_CHECK_H
#define DECODE_TABLE_CHECK_H

#include "table.h"

/* The table, which entry is looked at, and how much of each section belongs to some entry. */
struct check {
	const struct table *table;
	uint32_t index;
	uint32_t next[TABLE_SECTIONS];
};

/* The type that a field or an argument has; NULL if there is none. */
static inline const uint8_t *type_at(const struct check *check, uint32_t index)
{
	if (index >= check->table->count[TABLE_TYPES])
		return NULL;
	return type_entry(check->table, index);
}

static inline int is_index(const struct check *check, enum table_section section, uint32_t index)
{
	return index < check->table->count[section];
}

static inline int is_index_or_none(const struct check *check, enum table_section section,
				   uint32_t index)
{
	return index == TABLE_NONE || is_index(check, section, index);
}

static inline int is_text(const struct check *check, uint32_t offset)
{
	const uint8_t *text = check->table->section[TABLE_TEXT];
	uint32_t size = check->table->count[TABLE_TEXT], length;

	if (size < 3 || offset > size - 3)
		return 0;
	length = load16(text + offset);
	return length <= size - 3 - offset && text[offset + 2 + length] == 0;
}

/* `first` and `count` of entries that belong to this one: those behind the last one's. */
static inline int belongs(struct check *check, enum table_section section, uint32_t first,
			  uint32_t count, uint32_t most)
{
	if (first != check->next[section] || count > most ||
	    count > check->table->count[section] - first)
		return 0;
	check->next[section] += count;
	return 1;
}

/* A number of `most` bits at most, somewhere in the first `bits`. */
static inline int is_number(uint32_t bit_offset, uint32_t bit_size, uint32_t most, uint32_t bits)
{
	return bit_size >= 1 && bit_size <= most && bit_size <= bits &&
	       bit_offset <= bits - bit_size;
}

static inline int is_direction(uint32_t direction)
{
	return direction >= DIRECTION_IN && direction <= DIRECTION_INOUT;
}

/* The selection that one field or argument has: the next one, as they stand in order. */
static inline const uint8_t *own_selection(struct check *check, uint32_t index)
{
	if (index != check->next[TABLE_SELECTIONS] || !is_index(check, TABLE_SELECTIONS, index))
		return NULL;
	check->next[TABLE_SELECTIONS]++;
	return selection_entry(check->table, index);
}

static inline const uint8_t *case_of(const struct check *check, const uint8_t *selection,
				     uint32_t index)
{
	return case_entry(check->table, selection_first_case(selection) + index);
}

/* Whether a type, with its fields, is right: table_types.c. */
int table_type_is_right(struct check *check, const uint8_t *type);

#endif
