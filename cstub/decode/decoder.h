/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Decodes bytes to a tree, by the table's types: what the parts of the decoder have in common.
 *
 * However hostile the bytes, the work is bounded: by the bytes that may be read for an argument,
 * the pointers that lead to pointers, and the arena. A tree whose arena is full is not whole.
 */
#ifndef DECODE_DECODER_H
#define DECODE_DECODER_H

#include <stdint.h>

#include "arena.h"
#include "memory.h"
#include "record.h"
#include "table.h"
#include "value.h"

struct decoder {
	const struct table *table;
	struct arena *arena;
	const struct capture *captures; /* what is known of memory */
	uint32_t count;
	const struct memory *memory; /* or all of it, to be read; or NULL */
	struct table_text why;	     /* it could not be read, the last time that it could not */
	uint32_t left;		     /* bytes that may still be read for the argument */
	uint32_t depth;		     /* pointers deep */
	uint32_t no_truths;	     /* bools so far that are none */
};

/* Bytes that are known; 0 of them where nothing is. */
struct span {
	const uint8_t *bytes;
	uint32_t size;
};

/* How far a structure goes by what its bytes say, and by which layout. */
struct extent {
	uint32_t first_field, fields;
	uint32_t size;		/* bytes: fields that are not wholly in them are left out */
	uint32_t counted_at;	/* bit offset of an array that is counted, or TABLE_NONE */
	uint32_t counted_bytes; /* of that array */
	int is_sized;
};

/* Of a STRUCT or UNION (an entry of TABLE_TYPES) that says nothing; `size` bytes are known. */
static inline struct extent whole_extent(const uint8_t *type, uint32_t size)
{
	uint32_t whole = type_size(type);

	return (struct extent){
		.first_field = type_first_field(type),
		.fields = type_fields(type),
		.size = whole < size ? whole : size,
		.counted_at = TABLE_NONE,
	};
}

/* Cut it to what `data` says, of which as much is known, by a rule of TABLE_SIZE_RULES. */
void size_by_rule(struct extent *extent, const struct table *table, uint32_t rule,
		  struct span data);

/* A node; NULL where the arena is full. */
static inline struct value *new_value(struct arena *arena)
{
	struct value *value = arena_take(arena, sizeof(*value));

	if (value)
		*value = (struct value){.name = TABLE_NONE};
	return value;
}

/* Make `value`, a number, the name that an enumeration has for it; 0 if it has none. */
int decode_name(const struct table *table, struct value *value, uint32_t enumeration);

/* Make `value` that of a number: an enumeration's name, a set, a bool, or the number. */
void decode_number(struct decoder *decoder, struct value *value, uint32_t type, uint64_t number,
		   uint32_t bits, uint32_t roles);

/*
 * Make `value` that of `data`, which begins with a `type`: all of it, or as many of a structure's
 * fields as `data` has.
 */
void decode_type(struct decoder *decoder, struct value *value, uint32_t type, struct span data,
		 uint32_t roles);

/* Whether a type of which only `data` is known has a tree: there is all of it, or it has fields. */
int is_decodable(const struct table *table, uint32_t type, struct span data);

/* What is known of memory from an address on. */
struct span captured_at(const struct decoder *decoder, uint64_t address);

/* How many bytes a structure says it has that begins with `head`, by a rule of the table. */
uint64_t said_size(const uint8_t *rule, struct span head);

/* Make `value` a pointer to a `type`, or to `count` of them, if what is there is known. */
struct pointee {
	uint32_t type;
	uint8_t direction;
	int is_array;
	uint64_t count;
};
void decode_pointer(struct decoder *decoder, struct value *value, const struct pointee *pointee,
		    uint64_t address);

/* Characters, up to the first NUL. */
void decode_characters(struct value *value, struct span data);

/*
 * As many elements as pointee->count says, up to VALUE_ELEMENTS, as far as they are known. 0 if
 * none is, and there are any.
 */
int decode_list(struct decoder *decoder, struct value *list, const struct pointee *pointee,
		uint64_t address);

/* Of memory that can be read: without bytes where it cannot, and decoder->why says why. */
struct span read_bytes(struct decoder *decoder, uint64_t address, uint64_t size);

/* The same of a type there, with no more than it says that it has. */
struct span read_extent(struct decoder *decoder, uint32_t type, uint64_t address);

/* The value of that; NULL where the arena is full. */
struct value *read_type(struct decoder *decoder, uint32_t type, uint64_t address);

/* Make `value` a pointer to what cannot be read. */
void make_unreadable(struct decoder *decoder, struct value *value, uint64_t address,
		     struct table_text why);

static inline int is_unknown(const struct decoder *decoder, uint32_t type)
{
	return type_kind(type_entry(decoder->table, type)) == TYPE_UNKNOWN;
}

static inline int is_structure(const uint8_t *type)
{
	return type_kind(type) == TYPE_STRUCT || type_kind(type) == TYPE_UNION;
}

#endif
