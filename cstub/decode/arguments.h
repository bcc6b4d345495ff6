/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Decodes the arguments of a call, as they were at the call and at the return.
 */
#ifndef DECODE_ARGUMENTS_H
#define DECODE_ARGUMENTS_H

#include "call.h"

/* All of call->argument that the record has, and what the hypervisor misreads in them. */
void decode_arguments(struct call *call, const struct table *table, struct arena *arena);

/* What an argument of the kind ADDR points at, by what selects it; or TABLE_NONE. */
uint32_t selected_type(const struct table *table, const uint8_t *argument,
		       const struct record *record);

static inline const uint8_t *table_argument(const struct table *table, const uint8_t *entry,
					    uint32_t index)
{
	return table_entry(table, TABLE_ARGUMENTS_OF_CALLS, load32(entry + 12) + index,
			   TABLE_ARGUMENT_SIZE);
}

static inline const uint8_t *table_call_entry(const struct table *table, uint32_t call)
{
	return table_entry(table, TABLE_CALLS, call, TABLE_CALL_SIZE);
}

#endif
