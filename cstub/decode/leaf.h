/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Writes the values that are shown alike in a line of text and in JSON, but for their quotes.
 */
#ifndef DECODE_LEAF_H
#define DECODE_LEAF_H

#include "out.h"
#include "value.h"

/* A NUMBER. */
void leaf_number(struct out *out, const struct value *value);

/* A BYTES_OF: two hexadecimal digits a byte. */
void leaf_bytes(struct out *out, const struct value *value);

/* A SET: `A|B|0x800`, each name by `out_name`; 0x0 where nothing is in it. */
void leaf_set(struct out *out, const struct table *table, const struct value *value,
	      void (*out_name)(struct out *out, const char *text, size_t length));

#endif
