/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Walks a tree of values, and knows where it is and who writes there.
 */
#ifndef DECODE_WALK_H
#define DECODE_WALK_H

#include "out.h"
#include "value.h"

#define WALK_PATH 1024 /* bytes of the name of a place; a longer one is cut */

struct walk {
	const struct table *table;
	/* For each value, before those in it. `direction` is that of the innermost pointer. */
	void (*visit)(struct walk *walk, const struct value *value, uint8_t direction);
	struct out path; /* `regions[0].gpa`: from `start` */
	char start[WALK_PATH];
};

void walk_begin(struct walk *walk);
void walk_tree(struct walk *walk, const struct value *value, uint8_t direction);

/* Go to a part by its name; to come back set path.at to what it was. */
void walk_into(struct walk *walk, struct table_text name);

static inline struct table_text walk_path(const struct walk *walk)
{
	return (struct table_text){walk->start, (uint32_t)(walk->path.at - walk->start)};
}

#endif
