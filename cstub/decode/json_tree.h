/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Writes a decoded argument's tree as JSON, as the event has it (docs/formats.md).
 */
#ifndef DECODE_JSON_TREE_H
#define DECODE_JSON_TREE_H

#include "call.h"
#include "out.h"
#include "value.h"

void json_tree(struct out *out, const struct table *table, const struct value *value);

/*
 * `,"changed":[[PATH, BEFORE, AFTER], …],"more_changed":COUNT`: what the call changed of that which
 * the caller alone writes.
 */
void json_changed_inputs(struct out *out, const struct call *call, const struct table *table);

/* A number of 64 bits: in hexadecimal, as a string. */
static inline void json_hex(struct out *out, uint64_t number)
{
	out_char(out, '"');
	out_hex(out, number);
	out_char(out, '"');
}

#endif
