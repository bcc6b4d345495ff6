/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Finds calls, errors and cases in a table by their numbers.
 */
#include "table.h"

/* What a call or an error is found by. */
struct id {
	uint32_t abi;
	uint64_t number;
};

static struct id id_of_call(const struct table *table, uint32_t index)
{
	const uint8_t *call = call_entry(table, index);

	return (struct id){call_abi(call), call_number(call)};
}

static struct id id_of_error(const struct table *table, uint32_t index)
{
	const uint8_t *error = error_entry(table, index);

	return (struct id){error_abi(error), error_number(error)};
}

static int is_same(struct id one, struct id other)
{
	return one.abi == other.abi && one.number == other.number;
}

static int is_before(struct id one, struct id other)
{
	return one.abi < other.abi || (one.abi == other.abi && one.number < other.number);
}

/* Of `count` entries in rising order the one that has `id`. */
static uint32_t search(const struct table *table, uint32_t count, struct id id,
		       struct id (*id_of)(const struct table *table, uint32_t index))
{
	uint32_t low = 0, high = count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		struct id there = id_of(table, middle);

		if (is_same(there, id))
			return middle;
		if (is_before(there, id))
			low = middle + 1;
		else
			high = middle;
	}
	return TABLE_NONE;
}

/* The numbers of a hypervisor follow each other, mostly. Of two with a low byte, the first ABI's.
 */
void table_index_calls(struct table *table)
{
	for (uint32_t i = 0; i < 256; i++)
		table->likely_call[i] = 0;
	for (uint32_t i = table->count[TABLE_CALLS]; i-- > 0;)
		table->likely_call[id_of_call(table, i).number & 255] = i;
}

uint32_t table_call(const struct table *table, uint32_t abi, uint64_t number)
{
	uint32_t likely = table->likely_call[number & 255];
	struct id id = {abi, number};

	if (table->count[TABLE_CALLS] && is_same(id_of_call(table, likely), id))
		return likely;
	return search(table, table->count[TABLE_CALLS], id, id_of_call);
}

uint32_t table_error(const struct table *table, uint32_t abi, uint64_t number)
{
	return search(table, table->count[TABLE_ERRORS], (struct id){abi, number}, id_of_error);
}

const uint8_t *table_case(const struct table *table, const uint8_t *selection, uint64_t number)
{
	uint32_t first = selection_first_case(selection), count = selection_cases(selection);

	for (uint32_t i = 0; i < count; i++) {
		const uint8_t *one = case_entry(table, first + i);

		if (case_value(one) == number)
			return one;
	}
	return NULL;
}
