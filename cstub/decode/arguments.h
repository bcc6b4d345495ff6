/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Decodes the arguments of a call, as they were at the call and at the return.
 */
#ifndef DECODE_ARGUMENTS_H
#define DECODE_ARGUMENTS_H

#include "call.h"

/* All of call->argument that the record has, and what the hypervisor misreads in them. */
void decode_arguments(struct call *call, const struct table *table, struct arena *arena);

/* What an argument points at, and who writes it; a `type` of TABLE_NONE where that is not known. */
struct target {
	uint32_t type;
	uint8_t direction; /* enum table_direction */
	uint8_t counter;   /* the argument that says how many, from 1; 0: one */
};
struct target argument_target(const struct table *table, const uint8_t *argument,
			      const struct record *record);

/* Whether any argument of a call may lead to memory that is decoded. */
int arguments_lead_somewhere(const struct table *table, const uint8_t *entry);

/* Why the machine has no memory where an argument of a live call points; empty if it has. */
struct table_text argument_absence(const struct call *call, const struct table *table,
				   struct arena *arena, uint32_t index);

/* Of a call that is `entry` of the table. */
static inline const uint8_t *table_argument(const struct table *table, const uint8_t *entry,
					    uint32_t index)
{
	return argument_entry(table, call_first_argument(entry) + index);
}

#endif
