/* SPDX-License-Identifier: BSD-3-Clause */
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
	uint32_t first = layout_first_bound(layout), count = layout_bounds(layout);

	for (uint32_t i = 0; i < count; i++) {
		const uint8_t *bound = bound_entry(table, first + i);
		uint64_t number =
			load_bits(data.bytes, data.size, bound_offset(bound), bound_bits(bound));
		uint32_t bits = bound_most(bound);

		if (bits < 64 && number >> bits)
			return 0;
	}
	return 1;
}

/* The type that a structure is which says that it has `said` bytes. */
static uint32_t layout_of(const struct table *table, const uint8_t *rule, uint64_t said,
			  struct span data)
{
	uint32_t first = size_rule_first_layout(rule), count = size_rule_layouts(rule);

	for (uint32_t i = 0; i < count; i++) {
		const uint8_t *layout = layout_entry(table, first + i);

		if (layout_size(layout) == said && is_in_bounds(table, layout, data))
			return layout_type(layout);
	}
	return size_rule_otherwise(rule);
}

static void size_of_structure(struct extent *extent, const struct table *table, const uint8_t *rule,
			      uint64_t said, struct span data)
{
	uint32_t end = size_rule_end(rule);
	uint32_t type;

	if (said < end)
		said = end;
	type = layout_of(table, rule, said, data);
	*extent = whole_extent(type_entry(table, type),
			       said < data.size ? (uint32_t)said : data.size);
	extent->is_sized = 1;
}

uint64_t said_size(const uint8_t *rule, struct span head)
{
	uint64_t said =
		load_bits(head.bytes, head.size, size_rule_offset(rule), size_rule_bits(rule));
	uint32_t always = size_rule_least(rule);

	if (size_rule_array(rule) == TABLE_NONE)
		return said;
	if (said < always)
		said = always;
	return size_rule_array(rule) / 8 + said * size_rule_element(rule);
}

static void size_of_array(struct extent *extent, const uint8_t *rule, uint64_t said)
{
	uint32_t element = size_rule_element(rule), always = size_rule_least(rule);

	if (said < always)
		said = always;
	extent->counted_at = size_rule_array(rule);
	extent->counted_bytes = said < TABLE_TYPE_MOST
					? least((uint32_t)said * element, TABLE_TYPE_MOST)
					: TABLE_TYPE_MOST;
}

void size_by_rule(struct extent *extent, const struct table *table, uint32_t index,
		  struct span data)
{
	const uint8_t *rule = size_rule_entry(table, index);
	uint64_t said;

	data.size = extent->size;
	said = load_bits(data.bytes, data.size, size_rule_offset(rule), size_rule_bits(rule));
	if (size_rule_array(rule) == TABLE_NONE)
		size_of_structure(extent, table, rule, said, data);
	else
		size_of_array(extent, rule, said);
}
