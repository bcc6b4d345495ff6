/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Hands out memory that the caller of the decoder gave: all of one call's is taken back at once.
 */
#ifndef DECODE_ARENA_H
#define DECODE_ARENA_H

#include <stddef.h>
#include <stdint.h>

struct arena {
	uint8_t *at, *end;
	int is_full; /* something did not fit: what was decoded is not whole */
};

/* `size` bytes, aligned to 8, not cleared; NULL, and is_full, where there are no more. */
static inline void *arena_take(struct arena *arena, size_t size)
{
	uint8_t *taken = arena->at;

	size = (size + 7) & ~(size_t)7;
	if (size > (size_t)(arena->end - taken)) {
		arena->is_full = 1;
		return NULL;
	}
	arena->at += size;
	return taken;
}

#endif
