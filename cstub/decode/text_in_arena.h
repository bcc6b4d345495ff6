/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Writes text to the rest of an arena, and keeps what was written.
 */
#ifndef DECODE_TEXT_IN_ARENA_H
#define DECODE_TEXT_IN_ARENA_H

#include "arena.h"
#include "out.h"

/* Where to write it. Nothing else may be taken of the arena until it is kept. */
static inline struct out begin_text(const struct arena *arena)
{
	return (struct out){(char *)arena->at, (char *)arena->end, 0};
}

static inline struct table_text keep_text(struct arena *arena, const struct out *out)
{
	size_t length = (size_t)(out->at - (char *)arena->at);
	const char *text = arena_take(arena, length);

	if (out->is_full || !text) {
		arena->is_full = 1;
		return (struct table_text){"", 0};
	}
	return (struct table_text){text, (uint32_t)length};
}

#endif
