// SPDX-License-Identifier: BSD-3-Clause
/*
 * Works out how far a structure goes that says it itself, by the table's rules.
 *
 * What it says may be anything: no more counts than the type has and is known.
 */
#include "decoder.h"

static uint32_t least(uint32_t one, uint32_t other)
{
	return one < other ? one : other;
}

static int is_in_bounds(const struct table *table, const uint8_t *layout, struct span data)
{
	uint32_t first = load32(layout + 8), count = load32(layout + 12);

	for (uint32_t i = 0; i < count; i++) {
		const uint8_t *bound =
			table_entry(table, TABLE_BOUNDS, first + i, TABLE_BOUND_SIZE);
		uint64_t number =
			load_bits(data.bytes, data.size, load32(bound), load32(bound + 4));
		uint32_t bits = load32(bound + 8);

		if (bits < 64 && number >> bits)
			return 0;
	}
	return 1;
}

/* The type that a structure is which says that it has `said` bytes. */
static uint32_t layout_of(const struct table *table, const uint8_t *rule, uint64_t said,
			  struct span data)
{
	uint32_t first = load32(rule + 20), count = load32(rule + 24);

	for (uint32_t i = 0; i < count; i++) {
		const uint8_t *layout =
			table_entry(table, TABLE_LAYOUTS, first + i, TABLE_LAYOUT_SIZE);

		if (load32(layout) == said && is_in_bounds(table, layout, data))
			return load32(layout + 4);
	}
	return load32(rule + 28);
}

static void size_of_structure(struct extent *extent, const struct table *table, const uint8_t *rule,
			      uint64_t said, struct span data)
{
	uint32_t end = load32(rule + 32);
	uint32_t type;

	if (said < end)
		said = end;
	type = layout_of(table, rule, said, data);
	*extent = whole_extent(table_type(table, type),
			       said < data.size ? (uint32_t)said : data.size);
	extent->is_sized = 1;
}

static void size_of_array(struct extent *extent, const uint8_t *rule, uint64_t said)
{
	uint32_t element = load32(rule + 12), always = load32(rule + 16);

	if (said < always)
		said = always;
	extent->counted_at = load32(rule + 8);
	extent->counted_bytes = said < TABLE_TYPE_MOST
					? least((uint32_t)said * element, TABLE_TYPE_MOST)
					: TABLE_TYPE_MOST;
}

void size_by_rule(struct extent *extent, const struct table *table, uint32_t index,
		  struct span data)
{
	const uint8_t *rule = table_entry(table, TABLE_SIZE_RULES, index, TABLE_SIZE_RULE_SIZE);
	uint64_t said;

	data.size = extent->size;
	said = load_bits(data.bytes, data.size, load32(rule), load32(rule + 4));
	if (load32(rule + 8) == TABLE_NONE)
		size_of_structure(extent, table, rule, said, data);
	else
		size_of_array(extent, rule, said);
}
