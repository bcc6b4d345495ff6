/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reads the table of a hypervisor: its calls, structures, enumerations, rules of results and
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
	TABLE_CALLS, /* in rising order of their numbers */
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

/* Bytes of an entry of each section; TABLE_TEXT counts bytes. */
#define TABLE_HEADER_SIZE (16 + 8 * TABLE_SECTIONS)

/*
 * A hypervisor's ABI: abi.def's row.
 *   0 u32 name  4 u32 number (enum hypercall_register)  8 u32 argument_count
 *   12 u8[6] arguments (enum hypercall_register)  18 u8 result  19 u8 result_bits (32 or 64)
 *   20 u32 lost (mask of enum hypercall_register: may change across any call)
 *   24 u64 number_base  32 u64 number_index (mask: what the hypervisor looks at)
 * A number other than base | index bits is a finding, when index is not 0.
 */
#define TABLE_ABI_SIZE 40

/*
 *   0 u64 number  8 u32 name  12 u32 first argument  16 u32 argument count (to TABLE_ARGUMENTS)
 *   20 u32 may_change (mask of enum hypercall_register)  24 u32 first result rule  28 u32 count
 *   32 u32 ABI (index)  36 u32 0
 */
#define TABLE_CALL_SIZE 40

/*
 *   0 u8 kind (enum table_argument)  1 u8 direction (enum table_direction)
 *   2 u8 bits (that the hypervisor reads: 8, 16, 32, 64)  3 u8 flags (TABLE_QUOTED)
 *   4 u32 name
 *   8 u32 type: of PTR what it points at, of PACKED the structure; else TABLE_NONE
 *   12 u32 enum (index): of ENUM; else TABLE_NONE
 *   16 u32 selection (index): of ADDR, what it points at; or TABLE_NONE
 */
#define TABLE_ARGUMENT_SIZE 20

enum table_argument {
	ARGUMENT_VALUE = 1,
	ARGUMENT_VMID,
	ARGUMENT_ENUM,
	ARGUMENT_PACKED,
	ARGUMENT_PTR,
	ARGUMENT_ADDR,
	ARGUMENT_PASS,
};

enum table_direction { DIRECTION_IN = 1, DIRECTION_OUT = 2, DIRECTION_INOUT = 3 };

/*
 *   0 u8 kind (enum table_type)  1 u8 flags (TYPE_…)  2 u8 alignment (1, 2, 4, 8)  3 u8 depth
 *   4 u32 size (bytes; of a SCALAR 1 to 8)  8 u32 name (of a STRUCT, UNION; may be empty)
 *   12 u32 a: SCALAR its enum or TABLE_NONE; ARRAY its element's type; STRUCT, UNION first field
 *   16 u32 b: ARRAY how many elements, of 1 byte at least; STRUCT, UNION how many fields; else 0
 *   20 u32 size rule (index; of a structure that says its own size) or TABLE_NONE
 * An element's and a field's type have a smaller depth than the type that has them: there are no
 * cycles, and no more than TABLE_DEEPEST types in each other. A pointer (a field's pointee) may
 * lead to any type.
 */
#define TABLE_TYPE_SIZE 24

enum table_type { TYPE_SCALAR = 1, TYPE_ARRAY, TYPE_STRUCT, TYPE_UNION, TYPE_HIDDEN };

#define TYPE_SIGNED  1
#define TYPE_BOOLEAN 2

/*
 *   0 u32 name  4 u32 bit_offset  8 u32 bit_size (of a SCALAR 1 to as many as its type has; else
 *   all that its type has, and bit_offset is a multiple of 8 too)
 *   12 u32 type  16 u16 roles (FIELD_…)  18 u8 direction (of a pointer, else 0)  19 u8 0
 *   20 u32 pointee (type; of a SCALAR) or TABLE_NONE
 *   24 u32 count field (of its structure's, from 0; a SCALAR, of a pointer alone) or TABLE_NONE
 *   28 u32 selection (index; of a UNION, which member counts) or TABLE_NONE
 */
#define TABLE_FIELD_SIZE 32

#define FIELD_OUT      1   /* the hypervisor writes it */
#define FIELD_TEXT     2   /* characters up to the first NUL */
#define FIELD_FLAGS    4   /* a set of the enumeration's values */
#define FIELD_HEX      8   /* shown in hexadecimal, as all that have 64 bits */
#define FIELD_BOOL     16  /* 0 or 1 */
#define FIELD_RESERVED 32  /* in the tree only where it is not 0 */
#define FIELD_SECRET   64  /* never shown */
#define FIELD_QUOTED   128 /* its name is that of characters: shown in quotes */
#define FIELD_MAY_HIDE                                                                             \
	256 /* its name is a reserved field's: not shown where it was 0 at the call */

#define TABLE_QUOTED 1 /* of an argument: as FIELD_QUOTED */

/*
 * Which case counts, by a number beside it.
 *   0 u32 argument (index in the call) or TABLE_NONE: then a field of the same structure
 *   4 u32 bit_offset  8 u32 bit_size (of the number, in the argument or structure)
 *   12 u32 first case  16 u32 case count
 */
#define TABLE_SELECTION_SIZE 20

/*
 *   0 u64 value  8 u32 target: of a field a member of the union (of its fields, from 0), of an
 *   argument a type  12 u32 direction (of an argument; else 0)
 */
#define TABLE_CASE_SIZE 16

/*
 * How far a structure goes, that says it itself (acrn_sizes.def).
 *   0 u32 bit_offset  4 u32 bit_size of the number that says it
 *   8 u32 array: bit_offset of the array that it counts, or TABLE_NONE: it says bytes
 *   12 u32 element size (of the array)  16 u32 least: elements that are always there
 *   20 u32 first layout  24 u32 layout count  28 u32 otherwise: the type where no layout fits
 *   32 u32 least bytes: the number's own end
 * One that counts has no layouts, and `otherwise` is TABLE_NONE: the type itself is cut, in the
 * field that is an ARRAY at that place, if there is one. The types of the layouts and `otherwise`
 * are STRUCTs without a size rule, and no deeper than the type that has the rule. The number has 32
 * bits at most. It may lie behind the bytes that there are: these count as zeros.
 */
#define TABLE_SIZE_RULE_SIZE 36

/* If it says `size` bytes, and all bounds hold.   0 u32 size  4 u32 type  8 u32 bound  12 u32 count
 */
#define TABLE_LAYOUT_SIZE 16

/* A number must not have more `bits`.   0 u32 bit_offset  4 u32 bit_size  8 u32 bits  12 u32 0 */
#define TABLE_BOUND_SIZE 16

/*   0 u32 first value  4 u32 count  8 u32 name  12 u32 0 */
#define TABLE_ENUM_SIZE 16

/* In the order of their declaration.   0 u64 value  8 u32 name  12 u32 flags (VALUE_IS_ZERO) */
#define TABLE_VALUE_SIZE 16

#define VALUE_IS_ZERO 1 /* the name is that of some enumeration's 0 */

/*
 *   0 u32 kind (enum table_rule)  4 u32 why (text)  8 u32 path or argument (text, "vm.vmid")
 *   12 u32 0  16 u64 value
 * Those of a call stand in the order of enum table_rule.
 */
#define TABLE_RESULT_RULE_SIZE 24

enum table_rule { RULE_ZERO_FAILED_IF = 1, RULE_ZERO_PROVES_NOTHING, RULE_EINVAL_MEANS_ADDRESS };

/*
 * An error that results have, negated; in rising order of their numbers.
 *   0 u32 number  4 u32 name  8 u32 text  12 u32 ABI
 */
#define TABLE_ERROR_SIZE 16

struct table {
	const uint8_t *bytes;
	const uint8_t *section[TABLE_SECTIONS];
	uint32_t count[TABLE_SECTIONS];
	uint32_t likely_call[256]; /* of a number with that low byte: an index, if there is one */
};

struct table_text {
	const char *text; /* UTF-8, with a NUL behind it */
	uint32_t length;
};

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

/* The index of the call of a number, or TABLE_NONE. */
uint32_t table_call(const struct table *table, uint64_t number);

/* The index of the error of a (positive) number, or TABLE_NONE. */
uint32_t table_error(const struct table *table, uint32_t number);

#endif
