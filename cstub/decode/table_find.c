/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Finds calls, errors and cases in a table by their numbers.
 */
#include "table.h"

static uint64_t number_of_call(const struct table *table, uint32_t index)
{
	return call_number(call_entry(table, index));
}

static uint64_t number_of_error(const struct table *table, uint32_t index)
{
	return error_number(error_entry(table, index));
}

/* Of `count` entries in rising order of their numbers the one that has `number`. */
static uint32_t search(const struct table *table, uint32_t count, uint64_t number,
		       uint64_t (*number_of)(const struct table *table, uint32_t index))
{
	uint32_t low = 0, high = count;

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

/* The numbers of a hypervisor follow each other, mostly. */
void table_index_calls(struct table *table)
{
	for (uint32_t i = 0; i < 256; i++)
		table->likely_call[i] = 0;
	for (uint32_t i = 0; i < table->count[TABLE_CALLS]; i++)
		table->likely_call[number_of_call(table, i) & 255] = i;
}

uint32_t table_call(const struct table *table, uint64_t number)
{
	uint32_t likely = table->likely_call[number & 255];

	if (table->count[TABLE_CALLS] && number_of_call(table, likely) == number)
		return likely;
	return search(table, table->count[TABLE_CALLS], number, number_of_call);
}

uint32_t table_error(const struct table *table, uint32_t number)
{
	return search(table, table->count[TABLE_ERRORS], number, number_of_error);
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
