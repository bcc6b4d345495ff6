/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Holds a decoded argument: a tree of values, as the event has it (docs/formats.md).
 *
 * The tree is in an arena, its texts are in the table or in the bytes that were decoded: all three
 * outlive it. A tree is at most TABLE_DEEPEST * (VALUE_DEEPEST + 1) levels deep.
 */
#ifndef DECODE_VALUE_H
#define DECODE_VALUE_H

#include <stdint.h>

#include "arena.h"
#include "table.h"

#define VALUE_DEEPEST  4	  /* pointers that lead to pointers */
#define VALUE_ELEMENTS 1024	  /* of an array that a number in guest memory sizes */
#define VALUE_BYTES    (1u << 18) /* that are read for one argument */

enum value_kind {
	VALUE_NUMBER = 1, /* `number` in decimal: signed, but with VALUE_NO_TRUTH unsigned */
	VALUE_HEX,	  /* `number`, in hexadecimal */
	VALUE_NAME,	  /* `text`: an enumeration's name for `number` */
	VALUE_SET, /* `number`, a set of the values of `enumeration`, which may be TABLE_NONE */
	VALUE_CHARACTERS, /* `bytes`, `size` of them: what was before the first NUL */
	VALUE_BYTES_OF, /* `bytes`, `size` of them, in hexadecimal: a union of which nothing selects
			 */
	VALUE_REDACTED, /* a secret */
	VALUE_STRUCT,	/* `first` and its `next`s, each with a name */
	VALUE_LIST,	/* `first` and its `next`s */
	VALUE_POINTER,	/* `number` is where it leads, `first` what is there: known, or it is a HEX
			 */
	VALUE_CHANGE,	/* `first` at the call, its `next` at the return */
};

#define VALUE_NO_TRUTH 1 /* a bool that is neither 0 nor 1 */
#define VALUE_SIZED    2 /* a structure that says itself that it has `size` bytes */
#define VALUE_ZERO     4 /* a NAME that stands for 0 */
#define VALUE_MOVED    8 /* a POINTER that led to `moved_from` at the call */
#define VALUE_UNREADABLE                                                                           \
	16 /* a POINTER, of a call whose memory was read: `first` is why that failed */

struct value {
	uint8_t kind;	   /* enum value_kind */
	uint8_t flags;	   /* VALUE_… */
	uint8_t direction; /* of a POINTER: enum table_direction */
	uint8_t pad;
	uint16_t roles; /* FIELD_… of the field that it is, in a STRUCT; else 0 */
	uint16_t pad_too;
	uint32_t name; /* of the field, in a STRUCT: a text of the table; else TABLE_NONE */
	uint32_t size; /* in bytes, of what has some; elements of a LIST */
	uint64_t number;
	union { /* by kind */
		struct table_text text;
		const uint8_t *bytes;
		uint32_t enumeration;
		struct {
			uint64_t omitted; /* elements behind a POINTER that are not in its list */
			uint64_t moved_from;
		};
	};
	struct value *first, *next;
};

/*
 * What a call changed in an argument: `after`, with a CHANGE where a leaf differs from `before`.
 * Both are used up. NULL where the arena is full.
 */
struct value *value_merge(struct value *before, struct value *after, struct arena *arena);

/* The field of a STRUCT by its name, or NULL. */
struct value *value_field(const struct table *table, const struct value *value, const char *name,
			  uint32_t length);

#endif
