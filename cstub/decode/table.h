/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reads the table of hypervisors: their calls, structures, enumerations, rules of results and
 * errors.
 *
 * A table is one block of bytes without a pointer in it: sections of entries of fixed sizes, which
 * refer to each other by index and to text by offset. tables/compiled.py makes it of the .def files
 * and of the types' DWARF, at build time or when a user brings more; table_check() verifies it
 * once, after which nothing that is read of it is checked again. All numbers are little-endian.
 *
 *   header    u32 magic, u32 size (bytes, of all), u32 calls, u32 0,
 *             then for each section u32 offset, u32 count
 *   text      at an offset in TABLE_TEXT: u16 length, so many bytes of UTF-8, and a NUL; texts
 *             that are the same have one offset (else fields of two layouts are not the same)
 *
 * `calls` is the CRC-32 of the lines of its calls, as a recording's header has it of its own.
 *
 * Entries that belong to another (a structure's fields, a field's selection, ...) are `count`
 * of them from `first` on, and stand in the order of those that they belong to: each belongs to
 * exactly one, none is left over. So a walk over all of a table is as long as the table.
 */
#ifndef DECODE_TABLE_H
#define DECODE_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "bytes.h"
#include "table_entries.h"

#define TABLE_MAGIC	0x31544348u /* "HCT1" */
#define TABLE_NONE	0xffffffffu /* an index or offset of nothing */
#define TABLE_MOST	(16u << 20) /* bytes of a table */
#define TABLE_DEEPEST	16	    /* structures in structures and arrays, without pointers */
#define TABLE_ARGUMENTS 6	    /* of one call, at most */
#define TABLE_FIELDS	4096	    /* of one structure, at most */
#define TABLE_VALUES	65536	    /* of one enumeration, at most */
#define TABLE_TARGETS	4096	    /* of one selection, at most */
#define TABLE_FAMILY	16	    /* layouts that one structure may have */
#define TABLE_TYPE_MOST (1u << 24)  /* bytes of a type, so that all its places are numbers */

enum table_section {
	TABLE_ABIS,
	TABLE_CALLS, /* in rising order of their ABI and number */
	TABLE_ARGUMENTS_OF_CALLS,
	TABLE_TYPES,
	TABLE_FIELDS_OF_TYPES,
	TABLE_SELECTIONS,
	TABLE_CASES,
	TABLE_SIZE_RULES,
	TABLE_LAYOUTS,
	TABLE_BOUNDS,
	TABLE_ENUMS,
	TABLE_VALUES_OF_ENUMS,
	TABLE_RESULT_RULES,
	TABLE_ERRORS,
	TABLE_TEXT,
	TABLE_SECTIONS
};

/* TABLE_TEXT counts bytes; what an entry of each other section says: table_entries.h. */
#define TABLE_HEADER_SIZE (16 + 8 * TABLE_SECTIONS)

struct table {
	const uint8_t *bytes;
	const uint8_t *section[TABLE_SECTIONS];
	uint32_t count[TABLE_SECTIONS];
	uint32_t likely_call[256]; /* of a number with that low byte: an index, mostly of ABI 0 */
};

struct table_text {
	const char *text; /* UTF-8, with a NUL behind it */
	uint32_t length;
};

#define literal_text(literal) ((struct table_text){literal, sizeof(literal) - 1})

/* Verify a table of so many bytes, and fill `table` with it; NULL, or what is wrong with it. */
const char *table_check(struct table *table, const void *bytes, size_t size);

/* An entry; `index` is one that the table itself has, or less than the section's count. */
static inline const uint8_t *table_entry(const struct table *table, enum table_section section,
					 uint32_t index, uint32_t size)
{
	return table->section[section] + (size_t)index * size;
}

static inline struct table_text table_text(const struct table *table, uint32_t offset)
{
	const uint8_t *at = table->section[TABLE_TEXT] + offset;

	return (struct table_text){(const char *)at + 2, load16(at)};
}

#define TABLE_ENTRIES(name, section, size)                                                         \
	static inline const uint8_t *name(const struct table *table, uint32_t index)               \
	{                                                                                          \
		return table_entry(table, section, index, size);                                   \
	}                                                                                          \
	_Static_assert((size) % 4 == 0, #name " is aligned")

TABLE_ENTRIES(abi_entry, TABLE_ABIS, TABLE_ABI_SIZE);
TABLE_ENTRIES(call_entry, TABLE_CALLS, TABLE_CALL_SIZE);
TABLE_ENTRIES(argument_entry, TABLE_ARGUMENTS_OF_CALLS, TABLE_ARGUMENT_SIZE);
TABLE_ENTRIES(type_entry, TABLE_TYPES, TABLE_TYPE_SIZE);
TABLE_ENTRIES(field_entry, TABLE_FIELDS_OF_TYPES, TABLE_FIELD_SIZE);
TABLE_ENTRIES(selection_entry, TABLE_SELECTIONS, TABLE_SELECTION_SIZE);
TABLE_ENTRIES(case_entry, TABLE_CASES, TABLE_CASE_SIZE);
TABLE_ENTRIES(size_rule_entry, TABLE_SIZE_RULES, TABLE_SIZE_RULE_SIZE);
TABLE_ENTRIES(layout_entry, TABLE_LAYOUTS, TABLE_LAYOUT_SIZE);
TABLE_ENTRIES(bound_entry, TABLE_BOUNDS, TABLE_BOUND_SIZE);
TABLE_ENTRIES(enum_entry, TABLE_ENUMS, TABLE_ENUM_SIZE);
TABLE_ENTRIES(enumerator_entry, TABLE_VALUES_OF_ENUMS, TABLE_VALUE_SIZE);
TABLE_ENTRIES(result_rule_entry, TABLE_RESULT_RULES, TABLE_RESULT_RULE_SIZE);
TABLE_ENTRIES(error_entry, TABLE_ERRORS, TABLE_ERROR_SIZE);

/* Prepare a table that is right for table_call(). */
void table_index_calls(struct table *table);

/* The index of the call of a number of the ABI of that index, or TABLE_NONE. */
uint32_t table_call(const struct table *table, uint32_t abi, uint64_t number);

/* The index of the ABI's error of a (positive) number, or TABLE_NONE. */
uint32_t table_error(const struct table *table, uint32_t abi, uint64_t number);

/* The case of a selection for a number, or NULL. */
const uint8_t *table_case(const struct table *table, const uint8_t *selection, uint64_t number);

#endif
