/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Keeps the sites that a recording lists: address to file, line and function.
 *
 * The texts are hostile; what is no UTF-8 in them is U+FFFD afterwards, as Python's decoding with
 * "replace" has it. Memory is bounded by SITES_MOST and SITES_BYTES.
 */
#ifndef TRACE_SITES_H
#define TRACE_SITES_H

#include <stddef.h>
#include <stdint.h>

#include "call.h"

#define SITES_MOST  (1u << 20)
#define SITES_BYTES (64u << 20) /* of texts */

struct trace_sites {
	struct trace_site {
		uint64_t address;
		struct place place;
	} * site;
	uint32_t count, room;
	uint32_t *slot; /* of a hash table: index + 1, twice as many as `room` */
	uint64_t seed;
	struct site_texts {
		struct site_texts *next;
		char bytes[];
	} * texts;
	size_t bytes;
};

/* Add the lines of a SITES block; a later line of the same address counts. 0, or -1: it is none. */
int sites_add(struct trace_sites *sites, const uint8_t *lines, size_t size);

/* Where the site is; NULL where it is not in the list. Valid until the next sites_add(). */
const struct place *sites_find(const struct trace_sites *sites, uint64_t address);

void sites_free(struct trace_sites *sites);

#endif
