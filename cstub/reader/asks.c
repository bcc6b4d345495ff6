/* SPDX-License-Identifier: BSD-3-Clause */
#include "asks.h"

#include "arguments.h"
#include "show.h"

#define LARGE 8 /* bits: the least that an instruction sets of a register */

/* An argument that is mostly small has more bits than the least that code may set. */
static int has_large(const struct call *call, const struct table *table)
{
	const uint8_t *entry = call_entry(table, call->entry);

	for (uint32_t i = 0; i < call_arguments(entry) && i < call->record->arguments; i++) {
		const uint8_t *argument = table_argument(table, entry, i);
		uint8_t kind = argument_kind(argument);

		if ((kind == ARGUMENT_VALUE || kind == ARGUMENT_VMID || kind == ARGUMENT_ENUM) &&
		    low_bits(call->record->argument[i], argument_bits(argument)) >> LARGE)
			return 1;
	}
	return 0;
}

static uint32_t plain_at(uint64_t site)
{
	return (uint32_t)((site ^ site >> 8) % ASKS_PLAIN);
}

static int has_unreadable(const struct value *value)
{
	for (; value; value = value->next) {
		if (value->kind == VALUE_POINTER && value->flags & VALUE_UNREADABLE)
			return 1;
		if ((value->kind == VALUE_STRUCT || value->kind == VALUE_LIST ||
		     value->kind == VALUE_POINTER || value->kind == VALUE_CHANGE) &&
		    has_unreadable(value->first))
			return 1;
	}
	return 0;
}

/* Whether the call did to memory what somebody is to judge. */
static int is_odd(const struct call *call, const struct table *table)
{
	for (uint32_t i = 0; i < TABLE_ARGUMENTS; i++)
		if (has_unreadable(call->argument[i]))
			return 1;
	return call->record->captures[1] && has_changed_inputs(call, table);
}

static int is_one_of(const struct report_asks *asks, const struct call *call)
{
	for (uint32_t i = 0; call->abi == 0 && i < asks->number_count; i++)
		if (asks->numbers[i] == call->record->number)
			return 1;
	for (uint32_t i = 0; i < asks->site_count; i++)
		if (asks->sites[i] == call->record->site)
			return 1;
	return 0;
}

int asks_about(const struct asks *asks, const struct call *call, const struct table *table)
{
	uint64_t site = call->record->site;

	if (call->status != CALL_RETURNED)
		return 0;
	if (call->entry == TABLE_NONE || call_failed(call) || call->clobbers ||
	    is_one_of(&asks->of, call) || is_odd(call, table))
		return 1;
	return has_large(call, table) && asks->plain[plain_at(site)] != site;
}

void asks_found_nothing(struct asks *asks, const struct call *call)
{
	asks->plain[plain_at(call->record->site)] = call->record->site;
}
